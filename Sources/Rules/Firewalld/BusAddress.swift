// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The address of a Unix socket on which a message bus listens.
struct BusAddress: Equatable, Sendable, CustomStringConvertible {
  /// The path, or the abstract name without its leading NUL.
  let name: [UInt8]
  let isAbstract: Bool
  /// The address as it was given.
  let description: String

  /// The address of the system bus in the D-Bus specification, and the former one under `/var/run`.
  static let standard = "unix:path=/run/dbus/system_bus_socket;unix:path=/var/run/dbus/system_bus_socket"

  /// `sun_path` has 108 bytes (unix(7)), of which one is the NUL after a path or before an abstract name.
  private static let nameLimit = 107

  /// The usable addresses of a list, which are separated by semicolons ("Server Addresses" in the D-Bus specification): those of
  /// Unix sockets.
  static func list(_ text: String) -> [BusAddress] { text.split(separator: ";").compactMap { BusAddress($0) } }

  private init?(_ text: Substring) {
    let transport = "unix:"
    guard text.hasPrefix(transport) else { return nil }
    for pair in text.dropFirst(transport.count).split(separator: ",") {
      let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard words.count == 2, words[0] == "path" || words[0] == "abstract" else { continue }
      isAbstract = words[0] == "abstract"
      guard
        let name = Self.unescaped(words[1]), (1...Self.nameLimit).contains(name.count), isAbstract || !name.contains(0)
      else { return nil }
      self.name = name
      description = String(text)
      return
    }
    return nil
  }

  /// The bytes of the text, in which `%` and two hexadecimal digits stand for one byte; nil if digits are missing.
  private static func unescaped(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
