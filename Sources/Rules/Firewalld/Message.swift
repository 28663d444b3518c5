// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A received message, as far as a client that waits for replies needs it.
struct Message {
  let kind: MessageKind?
  /// The serial of the call that this message replies to.
  private(set) var replySerial: UInt32?
  private(set) var errorName: String?
  private(set) var signature = ""
  private let body: Decoder

  /// The length of the fixed header, which tells the length of the message.
  static let headLength = 16
  /// The limit for the length of a message; the specification allows 128 MiB, but errors of firewalld can hold a whole ruleset.
  static let lengthLimit = 1 << 20

  /// The length of the message that begins with these bytes; nil if they are too few to tell.
  static func length(_ bytes: [UInt8]) throws(Malformed) -> Int? {
    if bytes.count < headLength { return nil }
    var head = try Decoder(bytes)
    guard bytes[3] == 1 else { throw Malformed("a message of version \(bytes[3])") }
    head.place = 4
    let body = try head.number()
    head.place = 12
    let fields = try head.number()
    guard max(body, fields) <= lengthLimit else { throw Malformed("a message of \(max(body, fields)) bytes") }
    return headLength + (Int(fields) + 7) / 8 * 8 + Int(body)
  }

  /// Reads a whole message, as long as ``length(_:)`` says.
  init(_ bytes: [UInt8]) throws(Malformed) {
    var decoder = try Decoder(bytes)
    guard try Self.length(bytes) == bytes.count else { throw Malformed("a message of another length than it says") }
    kind = MessageKind(rawValue: bytes[1])
    decoder.place = 12
    let end = Self.headLength + Int(try decoder.number())
    while decoder.place < end {
      try decoder.align(8)
      let code = try decoder.byte()
      switch (code, try decoder.signature()) {
      case (4, "s"): errorName = try decoder.text()
      case (5, "u"): replySerial = try decoder.number()
      case (8, "g"): signature = try decoder.signature()
      case (_, "s"), (_, "o"): _ = try decoder.text()
      case (_, "u"): _ = try decoder.number()
      case (_, "g"): _ = try decoder.signature()
      // No known field has another type, and a bus does not pass on unknown fields.
      case (_, let type): throw Malformed("a header field of type \(type)")
      }
    }
    guard decoder.place == end else { throw Malformed("header fields that are longer than they say") }
    try decoder.align(8)
    body = decoder
  }

  /// The reply or error that the message carries; nil for a call or a signal.
  func answer() throws(Malformed) -> Answer? {
    var body = body
    switch (kind, signature) {
    case (.methodReturn, ""): return .reply(.nothing)
    case (.methodReturn, "s"): return .reply(.string(try body.text()))
    case (.methodReturn, "b"):
      let number = try body.number()
      guard number <= 1 else { throw Malformed("a boolean that is \(number)") }
      return .reply(.boolean(number == 1))
    case (.methodReturn, _): throw Malformed("an answer of type \(signature)")
    case (.error, _):
      guard let errorName else { throw Malformed("an error without a name") }
      // By convention the text is the first value, if there is one.
      return .error(name: errorName, text: signature.hasPrefix("s") ? try body.text() : "")
    default: return nil
    }
  }
}

/// The outcome of a call.
enum Answer: Equatable {
  case reply(Reply)
  case error(name: String, text: String)
}

/// What a method returned.
enum Reply: Equatable, Sendable {
  case nothing
  case boolean(Bool)
  case string(String)
}

/// The reason why received bytes are no valid message.
struct Malformed: Error, Equatable {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

/// Reads values from a message, which may be in either byte order.
private struct Decoder {
  private let bytes: [UInt8]
  private let isBigEndian: Bool
  /// Never beyond the end.
  var place = 0

  init(_ bytes: [UInt8]) throws(Malformed) {
    guard let order = bytes.first, order == UInt8(ascii: "l") || order == UInt8(ascii: "B") else {
      throw Malformed("no D-Bus message")
    }
    self.bytes = bytes
    isBigEndian = order == UInt8(ascii: "B")
  }

  private mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
    guard count <= bytes.count - place else { throw Malformed("a message with a value after its end") }
    defer { place += count }
    return bytes[place..<place + count]
  }

  mutating func align(_ size: Int) throws(Malformed) { _ = try take((size - place % size) % size) }

  mutating func byte() throws(Malformed) -> UInt8 { try take(1).reduce(0) { $1 } }

  mutating func number() throws(Malformed) -> UInt32 {
    try align(4)
    let digits = try take(4)
    return (isBigEndian ? Array(digits) : digits.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func text() throws(Malformed) -> String { try text(Int(clamping: try number())) }

  mutating func signature() throws(Malformed) -> String { try text(Int(try byte())) }

  private mutating func text(_ length: Int) throws(Malformed) -> String {
    let text = String(decoding: try take(length), as: UTF8.self)
    guard try byte() == 0 else { throw Malformed("a string without its end") }
    return text
  }
}
