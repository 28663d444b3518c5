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
  private static let noTables = CNIError(.notAvailable, "no nf_tables")

  private static func accepts(_ zone: String? = nil, _ addresses: [String] = ["10.22.0.5", "fd00::5"]) throws -> [Rule]
  {
    try addresses.map { .acceptForwarded(ForwardAccept(try #require(IPAddress($0)), zone: zone)) }
  }

  private static func wanted(_ rules: [Rule]) -> OwnedRules { OwnedRules(owner: owner, rules: rules) }

  /// Lets a backend do something, and returns what it noted.
  private static func notes(
    _ record: RecordingOwners, zone: String = "trusted", _ bus: String,
    _ body: (FirewalldBackend) throws -> Void
  ) rethrows -> [String] {
    var notes: [String] = []
    try body(FirewalldBackend(record, zone: zone, bus: bus) { notes.append($0) })
    return notes
  }

  @Test("ADD writes down owner and zone, then puts the addresses into it, then does what comes after")
  func apply() throws {
    let firewalld = try FakeFirewalld()
    let record = RecordingOwners(firewalld)
    record.takeovers = [Takeover(of: "10.22.0.5", previous: "a/b/c")]
    let other = Rule.dropInvalid(.address(.loopback6))
    let notes = try Self.notes(record, firewalld.address) { backend in
      let takeovers = try backend.apply(Self.wanted(try Self.accepts() + [other]), onConflict: .replace) {
        firewalld.note("completion")
      }
      #expect(takeovers == record.takeovers)
    }
    #expect(
      firewalld.calls == [
        "accepts", "apply replace", "addSource trusted 10.22.0.5/32", "addSource trusted fd00::5/128", "completion",
      ])
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32", "fd00::5/128"]])
    #expect(record.applied.map(\.owner) == [Self.owner])
    #expect(record.applied.map(\.rules) == [try Self.accepts("trusted") + [other]])
    #expect(notes.isEmpty)
  }

  @Test("a further ADD takes out of their zones what the owner has no more, or has in another one, before it puts in")
  func changed() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.4/32"], "internal": ["10.22.0.5/32"]])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("trusted", ["10.22.0.4"]).accepts + Self.accepts("internal", ["10.22.0.5"]).accepts
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    let wanted = Self.wanted(try Self.accepts(nil, ["10.22.0.5"]))
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      _ = try backend.apply(wanted, onConflict: .replace) { () throws(CNIError) in throw failure }
    }
    #expect(firewalld.zones == ["trusted": ["10.22.0.4/32"], "internal": ["10.22.0.5/32"]])
    _ = try backend.apply(wanted, onConflict: .replace) {}
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"], "internal": []])
    record.owned = try Self.accepts("trusted", ["10.22.0.5"]).accepts
    _ = try backend.apply(Self.wanted([]), onConflict: .replace) {}
    #expect(firewalld.zones == ["trusted": [], "internal": []])
  }

  @Test("an ADD without addresses asks for no firewalld to put in what it took out")
  func noAddressesWithoutFirewalld() throws {
    let record = RecordingOwners()
    record.owned = try Self.accepts("trusted").accepts
    var completions = 0
    let notes = try Self.notes(record, Self.nobody) { backend in
      _ = try backend.apply(Self.wanted([]), onConflict: .replace) { completions += 1 }
    }
    #expect(completions == 1)
    #expect(notes.isEmpty)
  }

  @Test("ADD without addresses is the record's alone, and DEL of what is in no zone too")
  func withoutAddresses() throws {
    let record = RecordingOwners()
    let rules: [Rule] = [.dropInvalid(.address(.loopback6))]
    record.owned = [ForwardAccept(.loopback6)]
    let notes = try Self.notes(record, Self.nobody) { backend in
      _ = try backend.apply(Self.wanted(rules), onConflict: .error) {}
      #expect(try backend.verify(Self.wanted(rules)).isEmpty)
      _ = try backend.remove(Self.owner, hint: rules, ports: [])
    }
    #expect(record.applied.map(\.rules) == [rules])
    #expect(record.verified.map(\.rules) == [rules])
    #expect(record.removed.map(\.hint) == [rules])
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
      _ = try backend.apply(Self.wanted(try Self.accepts()), onConflict: .replace) { firewalld.note("completion") }
    }
    #expect(error == CNIError(code, "\(field)add fd00::5/128 to firewalld's zone trusted: \(text)"))
    #expect(firewalld.zones == ["trusted": []])
    #expect(firewalld.calls.last == "removeSource trusted 10.22.0.5/32")
    #expect(!firewalld.calls.contains("completion"))
  }

  @Test("what fails after ADD takes out what was put in, but not what was there before")
  func completionFails() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32"]])
    let failure = CNIError(.inputOutput, "no")
    let backend = FirewalldBackend(RecordingOwners(firewalld), zone: "trusted", bus: firewalld.address) { _ in }
    #expect(throws: failure) {
      _ = try backend.apply(Self.wanted(try Self.accepts()), onConflict: .replace) { () throws(CNIError) in
        throw failure
      }
    }
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"]])
  }

  @Test("ADD where firewalld does not run, or is not there, is an error, and nothing comes after")
  func notRunning() throws {
    let firewalld = try FakeFirewalld(isRunning: false)
    for (bus, code) in [(firewalld.address, CNIError.Code.tryAgainLater), (Self.nobody, .firewalldRefused)] {
      let backend = FirewalldBackend(RecordingOwners(), zone: "trusted", bus: bus) { _ in }
      let error = #expect(throws: CNIError.self) {
        _ = try backend.apply(Self.wanted(try Self.accepts()), onConflict: .replace) { firewalld.note("completion") }
      }
      #expect(error?.code == code)
    }
    #expect(!firewalld.calls.contains("completion"))
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
    #expect(record.verified.map(\.rules) == [try Self.accepts("trusted")])
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
    #expect(notes.first?.hasPrefix("whether firewalld runs cannot be told: ") == true)
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

  @Test("DEL and GC with a bus that does not answer fail, and leave the record for the next attempt")
  func removeWithoutAnswer() throws {
    let broken = try FakeBus { _ = try $0.line() }
    let record = RecordingOwners()
    record.owned = [ForwardAccept(.loopback6, zone: "trusted")]
    let backend = FirewalldBackend(record, zone: "trusted", bus: broken.address) { _ in }
    let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
    let removing = #expect(throws: CNIError.self) { _ = try backend.remove(owner, hint: [], ports: []) }
    let collecting = #expect(throws: CNIError.self) { _ = try backend.removeAll(ofNetwork: "net", sparing: []) }
    #expect([removing?.code, collecting?.code] == [.tryAgainLater, .tryAgainLater])
    #expect(record.removed.isEmpty)
  }
}

// MARK: - DEL and GC

extension FirewalldBackendTests {
  @Test("DEL takes addresses out of the zones that the record names, and then from the record")
  func remove() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32"], "internal": ["fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    let addresses = try Self.accepts().map(\.self)
    record.owned = [
      ForwardAccept(addresses.accepts[0].address, zone: "internal"),
      ForwardAccept(addresses.accepts[1].address, zone: "internal"), ForwardAccept(.loopback6),
    ]
    let notes = try Self.notes(record, firewalld.address) { backend in
      _ = try backend.remove(Self.owner, hint: addresses, ports: [])
    }
    // That one is not in the zone is no failure.
    #expect(
      firewalld.calls == [
        "accepts", "removeSource internal 10.22.0.5/32", "removeSource internal fd00::5/128", "remove",
      ])
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"], "internal": []])
    #expect(record.asked == [try Self.accepts("trusted")])
    #expect(record.removed.map(\.owner) == [Self.owner])
    #expect(record.removed.map(\.hint) == [addresses])
    #expect(notes.isEmpty)
  }

  @Test("to leave the zones takes addresses out of them as DEL does, and leaves the record")
  func leaveZones() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32"], "internal": ["fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("internal", ["fd00::5"]).accepts + Self.accepts(nil, ["10.22.0.7"]).accepts
    let hint = try Self.accepts()
    _ = try Self.notes(record, firewalld.address) { try $0.leaveZones(of: Self.owner, hint: hint) }
    #expect(firewalld.calls == ["accepts", "removeSource internal fd00::5/128"])
    #expect(record.asked == [try Self.accepts("trusted")])
    #expect(record.removed.isEmpty)
    _ = try Self.notes(record, firewalld.address) { try $0.leaveZones(record.owned) }
    #expect(firewalld.calls.last == "removeSource internal fd00::5/128")
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"], "internal": []])
    #expect(!firewalld.calls.contains { $0.hasPrefix("remove ") || $0.hasPrefix("removeAll") })
  }

  @Test("an address whose owner has no zone any more is in none to leave, and needs no firewalld")
  func leaveNoZone() throws {
    let record = RecordingOwners()
    record.owned = [ForwardAccept(.loopback6)]
    let notes = try Self.notes(record, Self.nobody) { backend in
      try backend.leaveZones(of: Self.owner, hint: [])
      try backend.leaveZones(record.owned)
    }
    #expect(notes.isEmpty)
  }

  @Test("where the kernel has no record, the addresses of the hint leave the zone, and GC knows of none")
  func leaveZonesWithoutRecord() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32", "fd00::5/128", "10.22.0.9/32"]])
    let record = RecordingOwners(firewalld)
    record.failure = Self.noTables
    let hint = try Self.accepts()
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    _ = try backend.removeAll(ofNetwork: "net", sparing: [])
    #expect(firewalld.zones["trusted"]?.count == 3)
    try backend.leaveZones(of: Self.owner, hint: hint)
    #expect(firewalld.zones == ["trusted": ["10.22.0.9/32"]])
    record.failure = CNIError(.kernelRefused, "no")
    #expect(throws: CNIError(.kernelRefused, "no")) { try backend.leaveZones(of: Self.owner, hint: []) }
  }

  @Test("DEL where firewalld does not run removes from the record all the same")
  func removeWithoutFirewalld() throws {
    let firewalld = try FakeFirewalld(isRunning: false)
    for bus in [firewalld.address, Self.nobody] {
      let record = RecordingOwners()
      record.owned = [ForwardAccept(.loopback6, zone: "trusted")]
      let notes = try Self.notes(record, bus) { _ = try $0.remove(Self.owner, hint: [], ports: []) }
      #expect(record.removed.count == 1)
      #expect(notes.isEmpty)
    }
    #expect(firewalld.calls.isEmpty)
  }

  @Test(
    "an address that is in another zone by now, or of a zone that is gone, is noted and left",
    arguments: ["INVALID_ZONE", "ZONE_CONFLICT"])
  func removeFromGoneZone(code: String) throws {
    let firewalld = try FakeFirewalld(
      zones: ["trusted": ["fd00::5/128"]], refusals: ["removeSource trusted 10.22.0.5/32": "\(code): x"])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("trusted").accepts
    let notes = try Self.notes(record, firewalld.address) { _ = try $0.remove(Self.owner, hint: [], ports: []) }
    #expect(notes == ["remove 10.22.0.5/32 from firewalld's zone trusted: \(code): x"])
    #expect(firewalld.zones == ["trusted": []])
    #expect(firewalld.calls.last == "remove")
  }

  @Test("what firewalld refuses else is the error of DEL, and stays in the record to be found again")
  func removeRefused() throws {
    let firewalld = try FakeFirewalld(refusals: ["removeSource trusted 10.22.0.5/32": "NOT_AUTHORIZED: x"])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("trusted").accepts
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    let error = #expect(throws: CNIError.self) { _ = try backend.remove(Self.owner, hint: [], ports: []) }
    #expect(error?.code == .firewalldRefused)
    #expect(record.removed.isEmpty)
    let other = #expect(throws: CNIError.self) { _ = try backend.removeAll(ofNetwork: "net", sparing: []) }
    #expect(other?.code == .firewalldRefused)
    #expect(!firewalld.calls.contains { $0.hasPrefix("removeAll") })
  }

  @Test("where the kernel has no record, DEL takes out the addresses of the hint")
  func removeWithoutRecord() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32", "fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    record.failure = Self.noTables
    let backend = FirewalldBackend(record, zone: "trusted", bus: firewalld.address) { _ in }
    #expect(try backend.remove(Self.owner, hint: try Self.accepts(), ports: []) == [])
    #expect(firewalld.zones == ["trusted": []])
    let refused = CNIError(.kernelRefused, "no")
    record.failure = refused
    #expect(throws: refused) { _ = try backend.remove(Self.owner, hint: [], ports: []) }
    #expect(record.removed.count == 1)
  }

  @Test("of the name of a zone only a beginning is in the record, and the whole is the configuration's")
  func longZone() throws {
    let zone = "a-zone-with-a-long-name"
    let firewalld = try FakeFirewalld(zones: [zone: ["10.22.0.5/32", "fd00::5/128"]])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts(shortened(zone, to: ForwardAccept.zoneLimit)).accepts
    #expect(record.owned.allSatisfy { $0.zone != zone })
    _ = try Self.notes(record, zone: zone, firewalld.address) { _ = try $0.remove(Self.owner, hint: [], ports: []) }
    #expect(firewalld.zones == [zone: []])
  }

  @Test("GC takes out what the record says of the network, and then from the record")
  func garbage() throws {
    let firewalld = try FakeFirewalld(zones: ["trusted": ["10.22.0.5/32", "10.22.0.6/32"]])
    let record = RecordingOwners(firewalld)
    record.owned = try Self.accepts("trusted", ["10.22.0.6"]).accepts
    let valid: Set = [AttachmentID(containerID: "id", interface: "eth0")]
    _ = try Self.notes(record, firewalld.address) { _ = try $0.removeAll(ofNetwork: "net", sparing: valid) }
    #expect(firewalld.calls == ["accepts net 1", "removeSource trusted 10.22.0.6/32", "removeAll net 1"])
    #expect(firewalld.zones == ["trusted": ["10.22.0.5/32"]])
  }
}
