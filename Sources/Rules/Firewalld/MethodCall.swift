// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A call of a method, all of whose arguments are strings.
struct MethodCall: Sendable {
  let destination: String
  let path: String
  let interface: String
  let member: String
  var arguments: [String] = []

  /// `NO_AUTO_START`: a call must not start the called program.
  private static let flags: UInt8 = 2

  /// The message, in little-endian order: fields of the header in the order in which sd-bus has them, then the body.
  func bytes(serial: UInt32) -> [UInt8] {
    var fields = Encoder()
    for (code, type, value) in [(1, "o", path), (3, "s", member), (2, "s", interface), (6, "s", destination)] {
      fields.beginField(UInt8(code), type)
      fields.add(value)
    }
    if !arguments.isEmpty {
      fields.beginField(8, "g")
      fields.addSignature(String(repeating: "s", count: arguments.count))
    }
    var body = Encoder()
    for argument in arguments { body.add(argument) }
    var message = Encoder(bytes: [UInt8(ascii: "l"), MessageKind.methodCall.rawValue, Self.flags, 1])
    for number in [UInt32(body.bytes.count), serial, UInt32(fields.bytes.count)] { message.add(number) }
    // The fields begin at byte 16, so that their alignment among themselves is that in the message.
    message.bytes += fields.bytes
    message.align(8)
    return message.bytes + body.bytes
  }
}

/// The type of a message (its second byte); messages of other types are ignored.
enum MessageKind: UInt8 {
  case methodCall = 1
  case methodReturn, error, signal
}

/// Encodes values as a message holds them ("Marshaling" in the D-Bus specification).
private struct Encoder {
  var bytes: [UInt8] = []

  mutating func align(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

  mutating func add(_ number: UInt32) {
    align(4)
    for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func add(_ text: String) {
    add(UInt32(text.utf8.count))
    bytes += Array(text.utf8) + [0]
  }

  mutating func addSignature(_ signature: String) {
    bytes += [UInt8(signature.utf8.count)] + Array(signature.utf8) + [0]
  }

  /// Begins a field of the header: its code and the type of its value, which the caller adds next.
  mutating func beginField(_ code: UInt8, _ type: String) {
    align(8)
    bytes.append(code)
    addSignature(type)
  }
}
