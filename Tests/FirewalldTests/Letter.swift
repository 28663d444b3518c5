// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A message of the other end, written without the code under test, in either byte order.
struct Letter {
  var kind: UInt8 = 2
  var isBigEndian = false
  /// The call that it answers.
  var answers: UInt32? = 2
  var errorName: String?
  var signature = ""
  var strings: [String] = []
  var numbers: [UInt32] = []

  /// What a method returns.
  static func string(_ text: String, answers: UInt32 = 2, isBigEndian: Bool = false) -> Letter {
    Letter(isBigEndian: isBigEndian, answers: answers, signature: "s", strings: [text])
  }

  static func boolean(_ number: UInt32, answers: UInt32 = 2, isBigEndian: Bool = false) -> Letter {
    Letter(isBigEndian: isBigEndian, answers: answers, signature: "b", numbers: [number])
  }

  static func error(_ name: String?, _ texts: String..., answers: UInt32 = 2) -> Letter {
    Letter(
      kind: 3, answers: answers, errorName: name, signature: String(repeating: "s", count: texts.count), strings: texts)
  }

  /// As firewalld answers that it will not.
  static func refusal(_ text: String) -> Letter { .error("org.fedoraproject.FirewallD1.Exception", text) }

  var bytes: [UInt8] {
    var fields: [UInt8] = []
    // Of a later version of the protocol; fields that are not known are to be passed over.
    pad(&fields, 8, [200, 1, 117, 0] + number(7))
    if let answers { pad(&fields, 8, [5, 1, 117, 0] + number(answers)) }
    if let errorName { pad(&fields, 8, [4, 1, 115, 0] + text(errorName)) }
    if !signature.isEmpty {
      pad(&fields, 8, [8, 1, 103, 0, UInt8(signature.utf8.count)] + Array(signature.utf8) + [0])
    }
    var body: [UInt8] = []
    for string in strings { pad(&body, 4, text(string)) }
    for value in numbers { pad(&body, 4, number(value)) }
    let counts = number(UInt32(body.count)) + number(9) + number(UInt32(fields.count))
    var message: [UInt8] = [isBigEndian ? 66 : 108, kind, 1, 1] + counts + fields
    pad(&message, 8, body)
    return message
  }

  private func number(_ value: UInt32) -> [UInt8] {
    let digits = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    return isBigEndian ? digits : digits.reversed()
  }

  private func text(_ text: String) -> [UInt8] { number(UInt32(text.utf8.count)) + Array(text.utf8) + [0] }

  private func pad(_ bytes: inout [UInt8], _ size: Int, _ more: [UInt8]) {
    while bytes.count % size != 0 { bytes.append(0) }
    bytes += more
  }
}
