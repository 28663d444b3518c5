// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("host-local beside upstream's", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct HostLocalUpstreamTests {
  private let scene: IPAMScene
  private static let both = #""ranges":[[{"subnet":"10.22.0.0/24"}],[{"subnet":"fd00:22::/64"}]]"#

  init() throws { scene = try IPAMScene() }

  struct Case: Sendable, CustomStringConvertible {
    let title: String
    let ipam: String
    var rest = ""
    var arguments = ""
    var description: String { title }
  }

  static let cases = [
    Case(
      title: "two families", ipam: both + #","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.1.1/16","gw":"10.22.0.9"}]"#),
    Case(
      title: "old form",
      ipam: #""subnet":"10.22.0.0/24","rangeStart":"10.22.0.9","rangeEnd":"10.22.0.10","gateway":"10.22.0.254""#),
    Case(
      title: "requested", ipam: both, rest: #""runtimeConfig":{"ips":["fd00:22::9/64"]},"#, arguments: "IP=10.22.0.7"),
    Case(
      title: "ranges of the runtime", ipam: both, rest: #""runtimeConfig":{"ipRanges":[[{"subnet":"192.0.2.0/24"}]]},"#),
    Case(title: "resolvConf", ipam: both + #","resolvConf":"/proc/self/mounts""#),
    Case(
      title: "mapped", ipam: #""ranges":[[{"subnet":"10.22.0.0/30","rangeStart":"10.22.0.0","gateway":"10.22.0.1"}]]"#),
  ]

  @Test(
    "results and files are upstream's in every version",
    arguments: cases, ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"])
  func results(test: Case, version: String) throws {
    // Two addresses of a family are an error up to 0.2.0.
    func results(_ maker: IPAMScene.Maker) throws -> [JSON] {
      let scene = try IPAMScene()
      var answers: [JSON] = []
      for (id, interface) in [("c1", "eth0"), ("c1", "eth1"), ("c2", "eth0")] {
        let outcome = try scene.call(
          maker, "ADD", test.ipam, test.rest, id: id, interface: interface, arguments: test.arguments, version: version)
        guard outcome.status == 0 else {
          answers.append(.bool(false))
          continue
        }
        answers.append(Self.canonical(try JSON(parsing: outcome.output)))
      }
      let cursors = try scene.files().filter { $0.hasPrefix("last") }
      // Upstream's cursor also follows addresses that were asked for.
      answers += test.title == "requested" ? [] : cursors.map { .string($0) }
      answers += try scene.files().filter { !$0.hasPrefix("last") }.map { .string($0) }
      return answers
    }
    #expect(try results(.ours) == results(.upstream))
  }

  /// Sorted, without an empty `dns`.
  private static func canonical(_ json: JSON) -> JSON {
    switch json {
    case .array(let items): return .array(items.map(canonical))
    case .object(let object):
      var result = JSONObject()
      for member in object.members.sorted(by: { $0.name < $1.name })
      where !(member.name == "dns" && member.value == .object(JSONObject())) {
        result.append(member.name, canonical(member.value))
      }
      return .object(result)
    default: return json
    }
  }

  @Test("what the one added the other finds and deletes, and nothing is left", arguments: IPAMScene.Maker.allCases)
  func change(first: IPAMScene.Maker) throws {
    for (id, interface) in [("c1", "eth0"), ("c1", "eth1"), ("c2", "eth0")] {
      _ = try givenAddresses(scene.call(first, "ADD", Self.both, id: id, interface: interface))
    }
    #expect(try scene.call(first.other, "CHECK", Self.both).status == 0)
    #expect(try scene.call(first.other, "CHECK", Self.both, id: "c3").status != 0)
    // Both refuse a second address, and take none that the other has given.
    let again = try scene.call(first.other, "ADD", Self.both)
    #expect(
      try #require(errorObject(again)).message.contains("has been allocated to c1, duplicate allocation is not allowed")
    )
    #expect(
      try givenAddresses(scene.call(first.other, "ADD", Self.both, id: "c3")) == ["10.22.0.5/24", "fd00:22::5/64"])
    #expect(try scene.call(first.other, "DEL", Self.both).status == 0)
    #expect(
      try scene.reservations() == ["10.22.0.3", "10.22.0.4", "10.22.0.5", "fd00:22::3", "fd00:22::4", "fd00:22::5"])
    #expect(try scene.call(first.other, "DEL", Self.both, interface: "eth1").status == 0)
    #expect(try scene.call(first.other, "DEL", Self.both, id: "c2").status == 0)
    #expect(try scene.call(first, "DEL", Self.both, id: "c3").status == 0)
    #expect(try scene.files().map { $0.prefix { $0 != ":" } } == ["last_reserved_ip.0", "last_reserved_ip.1", "lock"])
    #expect(try scene.hidden().isEmpty)
  }

  @Test("both in turn, many times: no address twice, and all are free in the end")
  func inTurn() throws {
    let small = #""ranges":[[{"subnet":"10.22.0.0/28"}]]"#
    var owners: [String: String] = [:]
    for round in 0..<60 {
      let maker = IPAMScene.Maker.allCases[round % 2]
      let (id, old) = ("c\(round)", "c\(round - 9)")
      let address = try #require(try givenAddresses(scene.call(maker, "ADD", small, id: id)).first)
      #expect(!owners.values.contains(address))
      owners[id] = address
      #expect(try scene.call(IPAMScene.Maker.allCases[round / 2 % 2], "DEL", small, id: old).status == 0)
      owners[old] = nil
    }
    for id in owners.keys { #expect(try scene.call(.ours, "DEL", small, id: id).status == 0) }
    #expect(try scene.reservations().isEmpty && scene.hidden().isEmpty)
  }
}
