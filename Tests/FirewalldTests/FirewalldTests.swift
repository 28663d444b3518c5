// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Firewalld

@Suite struct FirewalldTests {
  private static let exception = "org.fedoraproject.FirewallD1.Exception"
  private static let addition = "add 10.22.0.5/32 to firewalld's zone trusted"

  @Test("firewalld runs if its name has an owner, and not if it has none or if there is no bus")
  func isRunning() throws {
    let bus = try FakeBus { try $0.serve(.boolean(1)) }
    #expect(try Firewalld.isRunning(bus: bus.address, patience: 2000))
    let other = try FakeBus { connection in
      try connection.welcome()
      _ = try connection.message()
      try connection.send(Trace.no)
    }
    #expect(try !Firewalld.isRunning(bus: other.address, patience: 2000))
    #expect(try !Firewalld.isRunning(bus: "unix:path=/nonexistent/bus"))
  }

  @Test("whether firewalld runs cannot be told where the bus answers nothing, or nonsense")
  func unknownState() throws {
    let bus = try FakeBus { try $0.serve() }
    #expect(throws: DBusError.timedOut(action: "ask the bus for org.fedoraproject.FirewallD1")) {
      try Firewalld.isRunning(bus: bus.address, patience: 100)
    }
    let other = try FakeBus { try $0.serve(.string("yes")) }
    let error = #expect(throws: DBusError.self) { try Firewalld.isRunning(bus: other.address, patience: 2000) }
    #expect(error.map { "\($0)" } == "ask the bus for org.fedoraproject.FirewallD1: the answer is no boolean")
  }

  @Test("hosts of both families are named as the peer names them")
  func hosts() throws {
    let bus = try FakeBus { connection in
      try connection.welcome()
      guard try connection.message() == Trace.addSource else { return }
      try connection.send(Letter.string("trusted").bytes)
      let text = String(decoding: try connection.message(), as: UTF8.self)
      try connection.send(Letter.boolean(text.contains("\0fd00::5/128\0") ? 1 : 0, answers: 3).bytes)
    }
    var firewalld = try Firewalld.connect(bus: bus.address, patience: 2000)
    try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    #expect(try firewalld.querySource(zone: "trusted", address: "fd00::5"))
  }

  @Test(
    "that a source is in the zone already is no failure of adding", arguments: ["ZONE_ALREADY_SET", "ALREADY_ENABLED"])
  func addedTwice(code: String) throws {
    for text in [code, "\(code): '10.22.0.5/32' already bound to 'trusted'"] {
      let bus = try FakeBus { try $0.serve(.refusal(text)) }
      var firewalld = try Firewalld.connect(bus: bus.address, patience: 2000)
      try firewalld.addSource(zone: "trusted", address: "10.22.0.5")
    }
  }

  @Test("that a source is in no zone is no failure of removing", arguments: ["UNKNOWN_SOURCE", "NOT_ENABLED"])
  func removedTwice(code: String) throws {
    for text in [code, "\(code): '10.22.0.5/32' is not in any zone"] {
      let bus = try FakeBus { try $0.serve(.refusal(text)) }
      var firewalld = try Firewalld.connect(bus: bus.address, patience: 2000)
      try firewalld.removeSource(zone: "trusted", address: "10.22.0.5")
    }
  }

  enum Kind: Sendable {
    case notRunning, invalidZone, otherZone, failed

    func error(_ cause: DBusError) -> FirewalldError {
      switch self {
      case .notRunning: .notRunning(cause)
      case .invalidZone: .invalidZone(cause)
      case .otherZone: .otherZone(cause)
      case .failed: .failed(cause)
      }
    }
  }

  @Test(
    "other refusals are errors, and those that a caller may want to know are told apart",
    arguments: [
      (exception, "INVALID_ZONE: trusted", .invalidZone), (exception, "INVALID_ZONE", .invalidZone),
      (exception, "ZONE_CONFLICT: '10.22.0.5/32' already bound to a zone", .otherZone),
      ("org.freedesktop.DBus.Error.NameHasNoOwner", "x", .notRunning),
      ("org.freedesktop.DBus.Error.ServiceUnknown", "x", .notRunning),
      (exception, "UNKNOWN_SOURCE: x", .failed), (exception, "INVALID_ADDR: 10.22.0.5/32", .failed),
      (exception, "NOT INVALID_ZONE: x", .failed), (exception, "", .failed),
      ("org.freedesktop.DBus.Error.NoReply", "it went away", .failed),
    ] as [(String, String, Kind)])
  func refused(name: String, text: String, kind: Kind) throws {
    let bus = try FakeBus { try $0.serve(.error(name, text)) }
    var firewalld = try Firewalld.connect(bus: bus.address, patience: 2000)
    let expected = kind.error(.remote(action: Self.addition, name: name, text: text))
    #expect(throws: expected) { try firewalld.addSource(zone: "trusted", address: "10.22.0.5") }
    #expect("\(expected)" == "\(Self.addition): \(text.isEmpty ? name : text)")
  }

  @Test("what keeps a call from firewalld is an error too")
  func broken() throws {
    let error = #expect(throws: FirewalldError.self) {
      _ = try Firewalld.connect(bus: "unix:path=/nonexistent/bus")
    }
    #expect(error.map { "\($0)" } == "connect to unix:path=/nonexistent/bus: No such file or directory")
    let bus = try FakeBus { try $0.serve(.string("yes")) }
    var firewalld = try Firewalld.connect(bus: bus.address, patience: 2000)
    let action = "look for 10.22.0.5/32 in firewalld's zone trusted"
    #expect(throws: FirewalldError.failed(.violation(action: action, reason: "the answer is no boolean"))) {
      try firewalld.querySource(zone: "trusted", address: "10.22.0.5")
    }
  }
}
