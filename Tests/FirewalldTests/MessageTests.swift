// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Firewalld

@Suite struct MessageTests {
  @Test("answers, errors and signals of dbus-daemon are understood")
  func traces() throws {
    #expect(try Trace.received.map { try Message.length($0) } == Trace.received.map(\.count))
    let messages = try Trace.received.map { try Message($0) }
    #expect(messages.map(\.kind) == [.methodReturn, .signal, .methodReturn, .error])
    #expect(messages.map(\.replySerial) == [1, nil, 2, 2])
    let answers = try messages.map { try $0.answer() }
    let error = Answer.error(
      name: "org.freedesktop.DBus.Error.NameHasNoOwner", text: #"Name "org.fedoraproject.FirewallD1" does not exist"#)
    #expect(answers == [.reply(.string(":1.0")), nil, .reply(.boolean(false)), error])
  }

  @Test("both byte orders are read", arguments: [false, true])
  func orders(isBigEndian: Bool) throws {
    let samples: [(Letter, Answer)] = [
      (.string("zäh", answers: 0x0102_0304, isBigEndian: isBigEndian), .reply(.string("zäh"))),
      (.boolean(1, answers: 0x0102_0304, isBigEndian: isBigEndian), .reply(.boolean(true))),
      (Letter(isBigEndian: isBigEndian, answers: 0x0102_0304), .reply(.nothing)),
    ]
    for (letter, answer) in samples {
      #expect(try Message.length(letter.bytes + [1, 2, 3]) == letter.bytes.count)
      let message = try Message(letter.bytes)
      #expect(message.replySerial == 0x0102_0304)
      #expect(try message.answer() == answer)
    }
  }

  @Test("an error may have no text, or more than that")
  func errors() throws {
    #expect(try Message(Letter.error("a.b").bytes).answer() == .error(name: "a.b", text: ""))
    #expect(try Message(Letter.error("a.b", "c", "d").bytes).answer() == .error(name: "a.b", text: "c"))
    let other = Letter(kind: 3, errorName: "a.b", signature: "u", numbers: [1])
    #expect(try Message(other.bytes).answer() == .error(name: "a.b", text: ""))
  }

  @Test("what is no answer is none, of whatever kind it is", arguments: [0, 1, 4, 5, 255] as [UInt8])
  func noAnswer(kind: UInt8) throws {
    let answer = try Message(Letter(kind: kind, signature: "as").bytes).answer()
    #expect(answer == nil)
  }

  @Test(
    "an answer that cannot be understood is an error",
    arguments: [
      (.boolean(2), "a boolean that is 2"), (.error(nil, "x"), "an error without a name"),
      (Letter(signature: "as"), "an answer of type as"), (Letter(signature: "ss"), "an answer of type ss"),
      (Letter(signature: "s"), "a message with a value after its end"),
      (Letter(signature: "b"), "a message with a value after its end"),
      (Letter(signature: "s", numbers: [1, 0x4141_4141]), "a string without its end"),
      (Letter(signature: "s", numbers: [.max, 0]), "a message with a value after its end"),
    ] as [(Letter, String)])
  func malformedAnswer(letter: Letter, reason: String) throws {
    let message = try Message(letter.bytes)
    #expect(throws: Malformed(reason)) { _ = try message.answer() }
  }

  @Test(
    "a head that cannot be one is an error, before more is waited for",
    arguments: [
      ("00000000 00000000 00000000 00000000", "no D-Bus message"),
      ("6c020002 00000000 01000000 00000000", "a message of version 2"),
      ("6c020001 01001000 01000000 00000000", "a message of 1048577 bytes"),
      ("42020001 00000000 00000001 ffffffff", "a message of 4294967295 bytes"),
    ])
  func malformedHead(head: String, reason: String) {
    #expect(throws: Malformed(reason)) { _ = try Message.length(hex(head)) }
    #expect(throws: Malformed(reason)) { _ = try Message(hex(head)) }
  }

  @Test(
    "header fields that cannot be such are an error",
    arguments: [
      ("05017500 02000000 08ff6700", "a message with a value after its end"),
      ("08016700 0a620000", "a message with a value after its end"),
      ("09026169 00000000 00000000", "a header field of type ai"),
      ("05017500", "header fields that are longer than they say"),
      ("08016700 01626200", "a string without its end"),
    ])
  func malformedFields(fields: String, reason: String) {
    let bytes = hex(fields)
    var message = hex("6c020001 00000000 01000000") + [UInt8(bytes.count), 0, 0, 0] + bytes
    while message.count % 8 != 0 { message.append(0) }
    #expect(throws: Malformed(reason)) { _ = try Message(message) }
  }

  @Test("a message that is cut off is not complete, and no part of it crashes")
  func truncated() throws {
    for whole in Trace.received + [Letter.string("x", isBigEndian: true).bytes] {
      for count in 0..<whole.count {
        let part = Array(whole.prefix(count))
        #expect(try Message.length(part) == (count < 16 ? nil : whole.count))
        #expect(throws: Malformed.self) { _ = try Message(part) }
      }
    }
  }

  @Test("a message with any one byte changed is understood or refused")
  func changed() {
    for whole in [Trace.noOwner, Letter.boolean(1, isBigEndian: true).bytes] {
      for place in whole.indices {
        for value in UInt8.min ... .max {
          var bytes = whole
          bytes[place] = value
          read(bytes)
        }
      }
    }
  }

  @Test("random bytes behind a head are understood or refused")
  func random() {
    for round in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...96)).map { _ in UInt8.random(in: 0 ... .max) }
      let fields = round % 2 == 0 ? bytes.count : Int.random(in: 0...96)
      bytes = hex("6c\(round % 3 == 0 ? "03" : "02")0001 00000000 01000000") + [UInt8(fields), 0, 0, 0] + bytes
      while bytes.count % 8 != 0 { bytes.append(0) }
      read(bytes)
    }
  }

  private func read(_ bytes: [UInt8]) {
    guard let length = try? Message.length(bytes), length <= bytes.count else { return }
    _ = try? Message(Array(bytes.prefix(length))).answer()
  }
}
