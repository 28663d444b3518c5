// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OS
import Rules
import Testing

@testable import Firewalld

@Suite struct FirewalldBackendTests {
  private static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
  private static let nobody = "unix:path=/nonexistent/bus"
  private static func accepts(
    _ zone: String? = nil, _ addresses: [String] = ["10.22.0.5", "fd00::5"]
  ) throws -> [ForwardAccept] {
    try addresses.map { ForwardAccept(try #require(IPAddress($0)), zone: zone) }
  }

  private static func wanted(_ accepts: [ForwardAccept], untracked: [PacketSource] = []) -> ForwardFilterRequest {
    var request = ForwardFilterRequest(owner)
    request.accepts = accepts
    request.untracked = untracked
    return request
  }

  /// Lets a backend do something, and returns what it noted.
  private static func notes(
    _ record: RecordingOwners, zone: String = "trusted", _ bus: String,
    _ body: (FirewalldBackend) throws -> Void
  ) rethrows -> [String] {
    var notes: [String] = []
    try body(FirewalldBackend(record, zone: zone, bus: bus) { notes.append($0) })
    return notes
  }

  @Test("ADD writes down owner and zone, then puts the addresses into it")
  func apply() throws {
    let firewalld = try FakeFirewalld()
    let record = RecordingOwners(firewalld)
    record.takeovers = [Takeover(of: "10.22.0.5", previous: "a/b/c")]
    let other = PacketSource.address(.loopback6)
    let notes = try Self.notes(record, firewalld.address) { backend in
      let change = try backend.apply(Self.wanted(try Self.accepts(), untracked: [other]))
      #expect(change.takeovers == record.takeovers)
    }
    #expect(
      firewalld.calls == [
        "record", "apply", "addSource trusted 10.22.0.5/32", "addSource trusted fd00::5/128",
      ])
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32", "fd00::5/128"]])
    #expect(record.applied == [Self.wanted(try Self.accepts("trusted"), untracked: [other])])
    #expect(notes.isEmpty)
  }

  @Test("a further ADD takes out of their zones what the owner has no more, or has in another one, before it puts in")
  func changed() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.4/32"], "internal": ["10.22.0.5/32"]])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("trusted", ["10.22.0.4"]) + Self.accepts("internal", ["10.22.0.5"])
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    let wanted = Self.wanted(try Self.accepts(nil, ["10.22.0.5"]))
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) { try backend.apply(wanted).complete { () throws(CNIError) in throw failure } }
    #expect(record.undone == 1)
    #expect(firewalld.zones == ["trusted": ["10.22.0.4/32"], "internal": ["10.22.0.5/32"]])
    _ = try backend.apply(wanted)
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"], "internal": []])
    record.owned = try Self.accepts("trusted", ["10.22.0.5"])
    _ = try backend.apply(Self.wanted([]))
    #expect(firewalld.zones == ["trusted": [], "internal": []])
  }

  @Test("an ADD without addresses asks for no firewalld to put in what it took out")
  func noAddressesWithoutFirewalld() throws {
    let record = RecordingOwners()
    record.owned = try Self.accepts("trusted")
    let notes = try Self.notes(record, Self.nobody) { backend in _ = try backend.apply(Self.wanted([])) }
    #expect(notes.isEmpty)
  }

  @Test("ADD without addresses is the record's alone, and DEL of what is in no zone needs no firewalld")
  func withoutAddresses() throws {
    let record = RecordingOwners()
    let request = Self.wanted([], untracked: [.address(.loopback6)])
    record.owned = [ForwardAccept(.loopback6)]
    let notes = try Self.notes(record, Self.nobody) { backend in
      _ = try backend.apply(request)
      #expect(try backend.verify(request).isEmpty)
      try backend.leaveZones(record.owned, unrecorded: [])
    }
    #expect(record.applied == [request])
    #expect(record.verified == [request])
    #expect(notes.isEmpty)
  }

  @Test(
    "what firewalld refuses is the error of ADD, and takes out again what was put in",
    arguments: [
      ("INVALID_ZONE: trusted", .invalidConfiguration, "firewalldZone: "), ("ZONE_CONFLICT: x", .resourceConflict, ""),
      ("INVALID_ADDR: x", .firewalldRefused, ""),
    ] as [(String, CNIError.Code, String)])
  func refused(text: String, code: CNIError.Code, field: String) throws {
    let firewalld = try FakeFirewalld(refusals: ["addSource trusted fd00::5/128": text])
    let record = RecordingOwners(firewalld)
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    let error = #expect(throws: CNIError.self) {
      _ = try backend.apply(Self.wanted(try Self.accepts()))
    }
    #expect(record.undone == 1)
    #expect(error == CNIError(code, "\(field)add fd00::5/128 to firewalld's zone trusted: \(text)"))
    #expect(firewalld.zones == ["trusted": []])
    #expect(firewalld.calls.last == "removeSource trusted 10.22.0.5/32")
  }

  @Test("what fails after ADD takes out what was put in, but not what was there before")
  func completionFails() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32"]])
    let failure = CNIError(.inputOutput, "no")
    let backend = FirewalldBackend(RecordingOwners(firewalld), zone: "trusted", bus: firewalld.address) { _ in }
    #expect(throws: failure) {
      try backend.apply(Self.wanted(try Self.accepts())).complete { () throws(CNIError) in throw failure }
    }
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"]])
  }

  @Test("ADD where firewalld does not run, or is not there, is an error")
  func notRunning() throws {
    let firewalld = try FakeFirewalld(isRunning: false)
    for (bus, code) in [(firewalld.address, CNIError.Code.tryAgainLater), (Self.nobody, .firewalldRefused)] {
      let backend = FirewalldBackend(RecordingOwners(), zone: "trusted", bus: bus) { _ in }
      let error = #expect(throws: CNIError.self) {
        _ = try backend.apply(Self.wanted(try Self.accepts()))
      }
      #expect(error?.code == code)
    }
  }

  @Test("CHECK tells what the record tells, and which addresses are not in the zone")
  func verify() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32"], "internal": ["fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    record.problems = ["the accept of 10.22.0.5 is missing"]
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    #expect(
      try backend.verify(Self.wanted(try Self.accepts())) == [
        "the accept of 10.22.0.5 is missing", "fd00::5 is not in firewalld's zone trusted",
      ])
    #expect(record.verified.map(\.accepts) == [try Self.accepts("trusted")])
  }

  @Test("STATUS asks the record, then whether firewalld runs, and nothing else")
  func probe() throws {
    let firewalld = try FakeFirewalld()
    try FirewalldBackend(RecordingOwners(firewalld), zone: "trusted", bus: firewalld.address) { _ in }.probe()
    #expect(firewalld.calls == ["probe"])
    #expect(throws: CNIError(.notAvailable, "firewalld does not run")) {
      try FirewalldBackend(RecordingOwners(), zone: "trusted", bus: Self.nobody) { _ in }.probe()
    }
    let record = RecordingOwners()
    record.failure = CNIError(.notAvailable, "no nf_tables")
    #expect(throws: CNIError(.notAvailable, "no nf_tables")) {
      try FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }.probe()
    }
  }

  @Test("where the bus does not let us in, firewalld does not run for us, and the operator is told")
  func isRunning() throws {
    let bus = try FakeBus { connection in
      _ = try connection.line()
      try connection.say("REJECTED EXTERNAL\r\n")
    }
    var notes: [String] = []
    #expect(try !FirewalldBackend.isRunning(bus: bus.address) { notes.append($0) })
    #expect(notes.count == 1)
    #expect(notes.first?.hasPrefix("cannot find out whether firewalld runs: ") == true)
    #expect(try !FirewalldBackend.isRunning(bus: Self.nobody) { notes.append($0) })
    let firewalld = try FakeFirewalld()
    #expect(try FirewalldBackend.isRunning(bus: firewalld.address) { notes.append($0) })
    #expect(notes.count == 1)
  }

  @Test("a bus that does not answer, or goes away, is code 11 within 10 s")
  func noAnswer() throws {
    let silent = try FakeBus { $0.untilClosed() }
    let mute = try FakeBus { try $0.serve() }
    let broken = try FakeBus { _ = try $0.line() }
    let wrong = try FakeBus { try $0.serve(.string("yes")) }
    for (address, reason) in [
      (silent.address, "no answer in time"), (mute.address, "no answer in time"),
      (broken.address, "the bus closed the connection"), (wrong.address, "the answer is no boolean"),
    ] {
      let error = #expect(throws: CNIError.self) {
        try FirewalldBackend.isRunning(bus: address, patience: 200) { Issue.record("\($0)") }
      }
      #expect(error?.code == .tryAgainLater)
      #expect(error?.message.hasSuffix(reason) == true)
    }
    // The same socket by two names, as the standard addresses are: together they take no longer than one.
    let twice = "\(silent.address);unix:path=/..\(silent.path)"
    let started = monotonicMilliseconds()
    #expect(throws: CNIError.self) { try FirewalldBackend.isRunning(bus: twice, patience: 1000) { _ in } }
    #expect(monotonicMilliseconds() - started < 1900)
    #expect(SystemBus.patience * 2 < 10_000)
  }

  @Test("to leave a zone with a bus that does not answer is code 11")
  func leaveWithoutAnswer() throws {
    let broken = try FakeBus { _ = try $0.line() }
    let backend = FirewalldBackend(RecordingOwners(), zone: "trusted", bus: broken.address) { _ in }
    let error = #expect(throws: CNIError.self) {
      try backend.leaveZones([ForwardAccept(.loopback6, zone: "trusted")], unrecorded: [])
    }
    #expect(error?.code == .tryAgainLater)
  }
}

// MARK: - Leaving zones

extension FirewalldBackendTests {
  @Test("addresses leave the zones that the record names, and those that no record names the filter's own")
  func leaveZones() throws {
    let firewalld = try FakeFirewalld(
      zones: ["trusted": ["10.22.0.5/32", "10.22.0.6/32"], "internal": ["fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    let accepts =
      try Self.accepts("internal") + [ForwardAccept(.loopback6)] + Self.accepts(nil, ["10.22.0.7"])
    let notes = try Self.notes(record, firewalld.address) {
      try $0.leaveZones(accepts, unrecorded: try Self.accepts(nil, ["10.22.0.6"]).map(\.address))
    }
    // That one is not in the zone is no failure, and the record is left to whoever has it.
    #expect(
      firewalld.calls == [
        "removeSource internal 10.22.0.5/32", "removeSource internal fd00::5/128", "removeSource trusted 10.22.0.6/32",
      ])
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"], "internal": []])
    #expect(notes.isEmpty)
  }

  @Test("an address that is in no zone needs no firewalld to leave it")
  func leaveNoZone() throws {
    let notes = try Self.notes(RecordingOwners(), Self.nobody) {
      try $0.leaveZones([ForwardAccept(.loopback6)], unrecorded: [])
    }
    #expect(notes.isEmpty)
  }

  @Test("where firewalld does not run nothing is in a zone")
  func leaveWithoutFirewalld() throws {
    let firewalld = try FakeFirewalld(isRunning: false)
    for bus in [firewalld.address, Self.nobody] {
      let notes = try Self.notes(RecordingOwners(), bus) {
        try $0.leaveZones([ForwardAccept(.loopback6, zone: "trusted")], unrecorded: [.loopback6])
      }
      #expect(notes.isEmpty)
    }
    #expect(firewalld.calls.isEmpty)
  }

  @Test(
    "an address that is in another zone by now, or of a zone that is gone, is noted and left",
    arguments: ["INVALID_ZONE", "ZONE_CONFLICT"])
  func leaveGoneZone(code: String) throws {
    let firewalld = try FakeFirewalld(
      zones: ["trusted": ["fd00::5/128"]], refusals: ["removeSource trusted 10.22.0.5/32": "\(code): x"])
    let notes = try Self.notes(RecordingOwners(), firewalld.address) {
      try $0.leaveZones(try Self.accepts("trusted"), unrecorded: [])
    }
    #expect(notes == ["remove 10.22.0.5/32 from firewalld's zone trusted: \(code): x"])
    #expect(firewalld.zones == ["trusted": []])
  }

  @Test("what firewalld refuses else is the error of leaving a zone")
  func leaveRefused() throws {
    let firewalld = try FakeFirewalld(refusals: ["removeSource trusted 10.22.0.5/32": "NOT_AUTHORIZED: x"])
    let backend = FirewalldBackend(RecordingOwners(), zone: "trusted", bus: firewalld.address) { _ in }
    let error = #expect(throws: CNIError.self) {
      try backend.leaveZones(try Self.accepts("trusted"), unrecorded: [])
    }
    #expect(error?.code == .firewalldRefused)
  }

  @Test("of the name of a zone only a beginning is in the record, and the whole is the configuration's")
  func longZone() throws {
    let zone = "a-zone-with-a-long-name"
    let firewalld = try FakeFirewalld(zones: [zone: ["10.22.0.5/32", "fd00::5/128"]])
    let accepts = try Self.accepts(shortened(zone, to: ForwardAccept.zoneLimit), ["10.22.0.5"])
    #expect(accepts.allSatisfy { $0.zone != zone })
    _ = try Self.notes(RecordingOwners(), zone: zone, firewalld.address) {
      try $0.leaveZones(accepts, unrecorded: try Self.accepts(nil, ["fd00::5"]).map(\.address))
    }
    #expect(firewalld.zones == [zone: []])
  }
}
