// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A socket of this machine on which a bus listens.
struct BusAddress: Equatable, Sendable, CustomStringConvertible {
  /// The path, or the abstract name, which has no NUL before it here.
  let name: [UInt8]
  let isAbstract: Bool
  /// As it was written.
  let description: String

  /// Where the specification has the system's bus, and where it was before there was `/run`.
  static let standard = "unix:path=/run/dbus/system_bus_socket;unix:path=/var/run/dbus/system_bus_socket"

  /// `sun_path` has 108 bytes (unix(7)), of which one is the NUL after a path or before an abstract name.
  private static let nameLimit = 107

  /// Those of the addresses in a list, with semicolons between them, to which a client of this kind can connect; the
  /// form is that of "Server Addresses" in the D-Bus specification.
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

  /// The bytes with every `%` and two hexadecimal digits replaced by the byte that they mean.
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
