// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Base64 with padding (RFC 4648, section 4), as the cache has configurations.
enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let chunk = bytes[index..<min(index + 3, bytes.count)]
      let number = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < chunk.count ? chunk[index + $1] : 0) }
      for place in 0..<4 {
        let letter = letters[Int(number >> UInt32(18 - 6 * place) & 0x3f)]
        text.append(place <= chunk.count ? letter : UInt8(ascii: "="))
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil if the text is not Base64. Line breaks are passed over.
  static func decode(_ text: String) -> [UInt8]? {
    let symbols = text.utf8.filter { $0 != 0x0a && $0 != 0x0d }
    guard symbols.count % 4 == 0 else { return nil }
    let padding = symbols.suffix(2).count { $0 == UInt8(ascii: "=") }
    if padding == 2, symbols.last != UInt8(ascii: "=") { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(symbols.count / 4 * 3)
    var (number, count) = (UInt32(0), 0)
    for symbol in symbols.dropLast(padding) {
      guard let value = value(of: symbol) else { return nil }
      number = number << 6 | value
      count += 1
      if count % 4 == 0 {
        bytes += [UInt8(number >> 16 & 0xff), UInt8(number >> 8 & 0xff), UInt8(number & 0xff)]
        number = 0
      }
    }
    switch count % 4 {
    case 2: bytes.append(UInt8(number >> 4 & 0xff))
    case 3: bytes += [UInt8(number >> 10 & 0xff), UInt8(number >> 2 & 0xff)]
    default: break
    }
    return bytes
  }

  private static func value(of symbol: UInt8) -> UInt32? {
    switch symbol {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(symbol - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(symbol - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(symbol - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
