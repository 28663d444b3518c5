// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@testable import Firewalld

@Suite struct SystemBusTests {
  private static let call = MethodCall(destination: "a.b", path: "/a", interface: "a.b", member: "c", arguments: ["d"])

  /// Connects and calls a method.
  private func call(_ address: String, patience: Int32 = 2000) throws -> Reply {
    var bus = try SystemBus.connect(to: address, patience: patience)
    return try bus.call(Self.call, to: "call it")
  }

  /// The error of that, which must come in time.
  private func failure(_ address: String, patience: Int32 = 2000, limit: Int = 1900) -> DBusError? {
    let before = monotonicMilliseconds()
    let error = #expect(throws: DBusError.self) { _ = try call(address, patience: patience) }
    #expect(monotonicMilliseconds() - before < limit)
    return error
  }

  @Test("a client says who it is, takes its name and calls a method")
  func conversation() throws {
    let bus = try FakeBus { connection in
      let digits = "\(geteuid())".utf8.map { String($0, radix: 16) }.joined()
      guard try connection.line() == "\0AUTH EXTERNAL \(digits)\r\n" else { return }
      try connection.say("OK 0123456789abcdef0123456789abcdef\r\n")
      guard try connection.line() == "BEGIN\r\n", try connection.message() == Trace.hello else { return }
      try connection.send(Trace.name + Trace.signal)
      guard try connection.message() == Self.call.bytes(serial: 2) else { return }
      try connection.send(Letter.string("well").bytes)
    }
    #expect(try call(bus.address) == .string("well"))
  }

  @Test("several calls go over one connection, and answers have the call's number")
  func severalCalls() throws {
    let bus = try FakeBus { connection in
      try connection.serve(.string("one"), .error("a.Error", "two", answers: 3), .boolean(1, answers: 4))
    }
    var client = try SystemBus.connect(to: bus.address, patience: 2000)
    #expect(try client.call(Self.call, to: "a") == .string("one"))
    #expect(throws: DBusError.remote(action: "b", name: "a.Error", text: "two")) {
      try client.call(Self.call, to: "b")
    }
    #expect(try client.hasOwner("a.b"))
  }

  @Test("signals, calls, messages of unknown kinds and answers to others are passed over")
  func others() throws {
    let bus = try FakeBus { connection in
      try connection.welcome()
      _ = try connection.message()
      let others = [
        Letter(kind: 4, answers: nil, signature: "a{sv}"), Letter(kind: 1, answers: nil), Letter(kind: 99),
        .string("late", answers: 1), .error("a.Error", answers: 3), Letter(answers: nil),
      ]
      try connection.send(others.flatMap(\.bytes) + Trace.signal + Letter.boolean(1, isBigEndian: true).bytes)
    }
    #expect(try call(bus.address) == .boolean(true))
  }

  @Test("an answer that comes byte by byte is understood")
  func slow() throws {
    let bus = try FakeBus { connection in
      _ = try connection.line()
      for byte in "OK 0123\r\n".utf8 {
        try connection.send([byte])
        pause(microseconds: 500)
      }
      _ = (try connection.line(), try connection.message())
      for byte in Trace.name { try connection.send([byte]) }
      _ = try connection.message()
      for byte in Trace.signal + Letter.string("slow").bytes {
        try connection.send([byte])
        pause(microseconds: 200)
      }
    }
    #expect(try call(bus.address) == .string("slow"))
  }

  @Test("a long answer is understood, and one that is too long is refused at its head")
  func long() throws {
    let text = String(repeating: "x", count: 1_000_000)
    let bus = try FakeBus { try $0.serve(.string(text)) }
    #expect(try call(bus.address) == .string(text))
    let other = try FakeBus { try $0.serve(.string(text + text)) }
    #expect(
      failure(other.address) == .violation(action: "call it", reason: "the bus sent a message of 2000005 bytes"))
  }

  @Test("a bus at an abstract address is found")
  func abstract() throws {
    let name = "swift-cni-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let bus = try FakeBus(abstract: name) { try $0.serve(.string("well")) }
    #expect(try withExtendedLifetime(bus) { try call("unix:abstract=\(name)") } == .string("well"))
  }

  @Test("of several addresses the first at which there is a bus is taken")
  func severalAddresses() throws {
    let first = try FakeBus { try $0.serve(.string("first")) }
    let second = try FakeBus { try $0.serve(.string("second")) }
    #expect(try call("unix:path=/nonexistent/bus;\(first.address);\(second.address)") == .string("first"))
  }

  @Test("a socket that is missing, that nobody listens at, or that is none: there is no bus")
  func noBus() throws {
    let folder = try TemporaryFolder()
    let deserted = "\(folder.path)/bus"
    #expect(mknod(deserted, S_IFSOCK | 0o600, 0) == 0)
    for path in ["/nonexistent/bus", "/dev/null/bus", deserted, folder.path] {
      guard case .noBus(let action, _) = failure("unix:path=\(path)") else {
        Issue.record("\(path) is a bus")
        continue
      }
      #expect(action == "connect to unix:path=\(path)")
    }
  }

  @Test("of several failures the one that tells more is told")
  func severalFailures() throws {
    let bus = try FakeBus { connection in
      _ = try connection.line()
      try connection.say("REJECTED EXTERNAL\r\n")
    }
    let refused = DBusError.refused(action: "connect to \(bus.address)", reason: "the bus rejects this user")
    #expect(failure("unix:path=/nonexistent/bus;\(bus.address)") == refused)
    #expect(failure("\(bus.address);unix:path=/nonexistent/bus") == refused)
  }

  @Test("a list without a usable address is an error")
  func noAddress() {
    for list in ["tcp:host=localhost", ";", "\0"] {
      let reason = "there is no usable unix:path= or unix:abstract= in it"
      #expect(failure(list) == .refused(action: "connect to \(list)", reason: reason))
    }
  }

  @Test(
    "a bus that does not let the client in, or speaks otherwise, is an error",
    arguments: [
      ("ERROR\r\n", "the bus speaks no D-Bus"), ("DATA\r\n", "the bus speaks no D-Bus"),
      ("HTTP/1.1 400 Bad Request\r\n", "the bus speaks no D-Bus"), ("", "the bus closed the connection"),
      ("OK 01", "the bus closed the connection"), (String(repeating: "x", count: 5000), "the bus speaks no D-Bus"),
    ])
  func notAuthenticated(answer: String, reason: String) throws {
    let bus = try FakeBus { connection in
      _ = try connection.line()
      try connection.say(answer)
    }
    #expect(failure(bus.address) == .violation(action: "connect to \(bus.address)", reason: reason))
  }

  @Test(
    "garbage in an answer's place, or half an answer, is an error",
    arguments: [
      (Array("HTTP/1.1 400 Bad Request\r\n".utf8), "the bus sent no D-Bus message"),
      (Letter(signature: "as").bytes, "the bus sent an answer of type as"),
      (Letter.string("x").bytes.dropLast(), "the bus closed the connection"), ([], "the bus closed the connection"),
    ] as [([UInt8], String)])
  func garbage(bytes: [UInt8], reason: String) throws {
    let bus = try FakeBus { connection in
      try connection.welcome()
      _ = try connection.message()
      try connection.send(bytes)
    }
    #expect(failure(bus.address) == .violation(action: "call it", reason: reason))
  }

  @Test("an argument that D-Bus cannot carry is an error, and nothing is sent", arguments: ["a\0b", nil])
  func badArgument(text: String?) throws {
    let bus = try FakeBus { try $0.serve(.string("well")) }
    var client = try SystemBus.connect(to: bus.address, patience: 2000)
    var bad = Self.call
    bad.arguments = [text ?? String(repeating: "x", count: 10_001)]
    let error = #expect(throws: DBusError.self) { try client.call(bad, to: "call it") }
    #expect(error == .violation(action: "call it", reason: "an argument is too long or has a NUL in it"))
    #expect(try client.call(Self.call, to: "call it") == .string("well"))
  }

  @Test("a bus that says nothing, at whatever point, is not waited for longer than was said")
  func silence() throws {
    let silent = try FakeBus { $0.untilClosed() }
    let connecting = DBusError.timedOut(action: "connect to \(silent.address)")
    #expect(failure(silent.address, patience: 100) == connecting)
    let mute = try FakeBus { connection in
      _ = try connection.line()
      try connection.say("OK 01\r\n")
      connection.untilClosed()
    }
    #expect(failure(mute.address, patience: 100) == .timedOut(action: "connect to \(mute.address)"))
    let deaf = try FakeBus { try $0.serve() }
    #expect(failure(deaf.address, patience: 100) == .timedOut(action: "call it"))
  }

  @Test("a bus that accepts nobody is not waited for longer than was said")
  func fullQueue() throws {
    let bus = try FakeBus(nil)
    // The first waits in the queue, and stays there when it has gone; the second is not let into it.
    for _ in 1...2 {
      #expect(failure(bus.address, patience: 100) == .timedOut(action: "connect to \(bus.address)"))
    }
  }

  @Test("a bus that says something else for ever is not heard longer than was said", arguments: [true, false])
  func chatter(inBytes: Bool) throws {
    let bus = try FakeBus { connection in
      try connection.welcome()
      _ = try connection.message()
      while true {
        for part in inBytes ? Trace.signal.map({ [$0] }) : [Trace.signal] {
          try connection.send(part)
          pause(microseconds: 1000)
        }
      }
    }
    #expect(failure(bus.address, patience: 200) == .timedOut(action: "call it"))
  }

  @Test("an answer that came too late is not taken for the next one")
  func late() throws {
    let bus = try FakeBus { connection in
      try connection.welcome()
      _ = (try connection.message(), try connection.message())
      try connection.send(Letter.string("first").bytes + Letter.string("second", answers: 3).bytes)
    }
    var client = try SystemBus.connect(to: bus.address, patience: 200)
    #expect(throws: DBusError.timedOut(action: "a")) { try client.call(Self.call, to: "a") }
    #expect(try client.call(Self.call, to: "b") == .string("second"))
  }
}
