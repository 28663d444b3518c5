// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite("host-local: many at once", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct HostLocalCrowdTests {
  private let scene: IPAMScene
  private static let small = #""ranges":[[{"subnet":"10.22.0.0/26"}]]"#

  init() throws { scene = try IPAMScene() }

  private func start(_ verb: String, _ id: String, _ maker: IPAMScene.Maker = .ours) throws -> RunningProgram {
    try maker.program("host-local").start(
      environment: scene.environment(verb, id: id), input: scene.config("host-local", Self.small, version: "1.0.0"))
  }

  @Test("of 64 ADDs at once as many get an address as there are, none twice, and the rest are told so")
  func crowd() throws {
    let adding = try (0..<64).map { try start("ADD", "c\($0)") }
    var (addresses, failed): ([String], [Int]) = ([], [])
    for (number, program) in adding.enumerated() {
      let outcome = try program.wait()
      if outcome.status == 0 {
        addresses += try givenAddresses(outcome)
        continue
      }
      failed.append(number)
      let error = try #require(errorObject(outcome))
      #expect(error.code == 11)
      #expect(error.message.contains("no IP addresses available in range set: 10.22.0.1-10.22.0.62"))
    }
    // 62 without the gateway.
    #expect(addresses.count == 61 && failed.count == 3)
    #expect(addresses.sorted() == (2...62).map { "10.22.0.\($0)/26" }.sorted())
    #expect(try scene.reservations().count == 61)
    // Half of them go while the others that failed come.
    let gone = (0..<64).filter { $0 % 2 == 0 && !failed.contains($0) }
    let mixed = (try gone.map { try start("DEL", "c\($0)") }, try failed.map { try start("ADD", "d\($0)") })
    for program in mixed.0 { #expect(try program.wait().status == 0) }
    // One may have come before the first went.
    let added = try mixed.1.map { try $0.wait() }.count { $0.status == 0 }
    #expect(try scene.reservations().count == 61 - gone.count + added)
  }

  @Test("with upstream's at the same time no address is given twice")
  func mixed() throws {
    let adding = try (0..<48).map { try start("ADD", "c\($0)", $0 % 2 == 0 ? .ours : .upstream) }
    let addresses = try adding.flatMap { try givenAddresses($0.wait()) }
    #expect(addresses.count == 48)
    #expect(addresses.sorted() == (2...49).map { "10.22.0.\($0)/26" }.sorted())
    for program in try (0..<48).map({ try start("DEL", "c\($0)", $0 % 2 == 0 ? .upstream : .ours) }) {
      #expect(try program.wait().status == 0)
    }
    #expect(try scene.reservations().isEmpty && scene.hidden().isEmpty)
  }

  @Test("the same ADD many times at once: one gets the address")
  func sameContainer() throws {
    let outcomes = try (0..<16).map { _ in try start("ADD", "c1") }.map { try $0.wait() }
    #expect(outcomes.count { $0.status == 0 } == 1)
    #expect(try scene.reservations().count == 1)
  }

  @Test("calls that are killed at random instants leave nothing that a DEL does not remove")
  func killed() throws {
    var deaths = 0
    for round in 0..<150 {
      for verb in ["ADD", round % 3 == 0 ? "DEL" : "ADD"] {
        let program = try start(verb, "c\(round)")
        usleep(.random(in: 0...4000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      for file in try scene.files() where file.first?.isHexDigit ?? false {
        #expect(file.hasSuffix(#""c\#(round)\r\neth0""#))
      }
      #expect(try start("DEL", "c\(round)").wait().status == 0)
      #expect(try scene.reservations().isEmpty && scene.hidden().isEmpty)
    }
    // Instants that are always too late would prove nothing.
    #expect(deaths > 30)
  }

  @Test(
    "beside 500 reservations ADD makes at most 1.2 times the system calls, and reads no file of others",
    .enabled(if: pathExists("/usr/bin/strace"), "needs strace"), arguments: IPAMScene.Maker.allCases)
  func others(maker: IPAMScene.Maker) throws {
    let large = #""ranges":[[{"subnet":"10.22.0.0/16"}]]"#
    func systemCalls(_ id: String) throws -> Int {
      let program = installedProgram("host-local")
      let outcome = try Program("/usr/bin/strace").run(
        ["-f", "-o", "\(scene.folder.path)/trace", program.path, "host-local"],
        environment: scene.environment("ADD", id: id), input: scene.config("host-local", large, version: "1.0.0"))
      _ = try givenAddresses(outcome)
      let text = try FileDescriptor.open("\(scene.folder.path)/trace").readAll()
      return text.count { $0 == UInt8(ascii: "\n") }
    }
    // The first makes the folder.
    _ = try systemCalls("first")
    let alone = try systemCalls("second")
    let adds = maker.program("host-local")
    for number in 0..<500 {
      let outcome = try adds.run(
        environment: scene.environment("ADD", id: "c\(number)"),
        input: scene.config("host-local", large, version: "1.0.0"))
      #expect(outcome.status == 0)
    }
    // The first ADD after upstream's reads their files, and no other does.
    if maker == .upstream { _ = try systemCalls("third") }
    let crowded = try systemCalls("fourth")
    #expect(crowded * 10 <= alone * 12, "\(crowded) and \(alone)")
  }
}
