// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Rules
import Testing

@Suite struct PortmapTests {
  @Test("ADD asks for the rules of its owner, and passes the result through with all that is in it")
  func add() throws {
    let backend = RecordingBackend()
    let answer = Sample.answer("ADD", Sample.config(), backend)
    #expect(answer.status == 0)
    #expect(answer.notes.isEmpty)
    let result = try #require(try JSON(Sample.result(Sample.dual)).replacingVersion(by: "1.1.0"))
    #expect(answer.json?.canonicalResult == result.canonicalResult)
    #expect(backend.calls == 1)
    #expect(backend.applied.map(\.attachment) == [Sample.owner])
    #expect(backend.policies == [.replace])
    let destinations = [try Sample.endpoint("10.22.0.5", 80), try Sample.endpoint("fd00::5", 80)]
    #expect(backend.forwards.map(\.destination) == destinations)
    #expect(backend.forwards.map(\.hostPort.port) == [8080, 8080])
    #expect(
      backend.forwards.flatMap(\.masqueradedSources).map(\.description) == ["10.22.0.0/16", "127.0.0.0/8", "fd00::/64"])
  }

  @Test(
    "ADD without mappings passes the result through, and removes what the container had before",
    arguments: [nil, "null", "[]"])
  func addNothing(mappings: String?) throws {
    for addresses in [Sample.dual, []] {
      let backend = RecordingBackend()
      let answer = Sample.answer("ADD", Sample.config(mappings: mappings, addresses: addresses), backend)
      #expect(answer.status == 0)
      #expect(answer.notes.isEmpty)
      let result = try #require(try JSON(Sample.result(addresses)).replacingVersion(by: "1.1.0"))
      #expect(answer.json?.canonicalResult == result.canonicalResult)
      #expect(backend.calls == 1)
      #expect(backend.removed.map(\.hint.attachment) == [Sample.owner])
      #expect(backend.removed.allSatisfy { $0.hint.forwards.isEmpty && $0.ports.isEmpty })
    }
  }

  @Test("ADD without mappings succeeds where nothing can be removed, and says why on stderr")
  func addNothingWithoutKernel() {
    let backend = RecordingBackend()
    backend.failure = CNIError(.kernelRefused, "no nf_tables")
    let answer = Sample.answer("ADD", Sample.config(mappings: nil), backend)
    #expect(answer.status == 0)
    #expect(answer.json != nil)
    #expect(answer.notes == ["portmap: no nf_tables"])
  }

  @Test("ADD with mappings for which no source is allowed removes what the container had")
  func addForNobody() {
    let backend = RecordingBackend()
    let config = Sample.config(#""sourceRanges":["::/0"]"#, addresses: ["10.22.0.5/16"])
    #expect(Sample.answer("ADD", config, backend).status == 0)
    #expect(backend.applied.isEmpty && backend.removed.map(\.hint.attachment) == [Sample.owner])
  }

  @Test(
    "ADD and CHECK without a previous result are code 7, also without mappings", arguments: ["ADD", "CHECK"],
    ["[]", "[\(Sample.mapping)]"])
  func noPreviousResult(verb: String, mappings: String) {
    let backend = RecordingBackend()
    let answer = Sample.answer(verb, Sample.config(mappings: mappings, addresses: nil), backend)
    #expect(answer.code == 7)
    #expect(answer.message.hasPrefix("prevResult: expected "))
    #expect(backend.calls == 0)
  }

  @Test(
    "bad options are refused by ADD, CHECK and STATUS before anything is touched",
    arguments: ["ADD", "CHECK", "STATUS"],
    [
      (#""snat":5"#, 7), (#""backend":"nftables","externalSetMarkChain":"X""#, 2), (#""conditionsV4":["x"]"#, 7),
      (#""iptablesVariant":"bsd""#, 7),
    ])
  func badOptions(verb: String, option: (members: String, code: Int)) {
    let backend = RecordingBackend()
    let answer = Sample.answer(verb, Sample.config(option.members), backend)
    #expect(answer.status == 1)
    #expect(answer.code == option.code)
    #expect(backend.calls == 0)
  }

  @Test("with the backend iptables ADD and CHECK are its, and DEL and GC look in both", arguments: [true, false])
  func iptables(isAsked: Bool) {
    let (nftables, iptables) = (RecordingBackend(), RecordingBackend())
    let config = Sample.config(
      (isAsked ? #""backend":"iptables","# : "") + #""snat":false,"cni.dev/valid-attachments":[]"#)
    for verb in ["ADD", "CHECK", "DEL", "GC", "STATUS"] {
      #expect(Sample.answer(verb, config, nftables, iptables: iptables).status == 0)
    }
    let (used, other) = isAsked ? (iptables, nftables) : (nftables, iptables)
    #expect(used.applied.count == 1 && used.verified.count == 1 && used.probes == 1)
    #expect(other.applied.isEmpty && other.verified.isEmpty && other.probes == 0)
    for backend in [nftables, iptables] {
      #expect(backend.removed.map(\.hint.attachment) == [Sample.owner])
      #expect(backend.collected.map(\.network) == ["net"])
    }
  }

  @Test("what fails in one backend keeps DEL and GC from nothing in the other, and is told", arguments: ["DEL", "GC"])
  func failures(verb: String) {
    let backends = [RecordingBackend(), RecordingBackend()]
    for backend in backends { backend.failure = CNIError(.kernelRefused, "no") }
    let config = Sample.config(#""cni.dev/valid-attachments":[]"#)
    let answer = Sample.answer(verb, config, backends[0], iptables: backends[1])
    #expect(answer.status == 1 && answer.code == 101)
    #expect(backends.map(\.calls) == [1, 1])
  }

  @Test("a bad mapping is refused by ADD, CHECK and STATUS with its path", arguments: ["ADD", "CHECK", "STATUS"])
  func badMapping(verb: String) {
    let backend = RecordingBackend()
    let answer = Sample.answer(verb, Sample.config(mappings: #"[{"hostPort":65536,"containerPort":80}]"#), backend)
    #expect(answer.code == 7)
    let path = "runtimeConfig.portMappings[0].hostPort"
    #expect(answer.message == "\(path): expected a number between 1 and 65535, found 65536")
    #expect(backend.calls == 0)
  }

  @Test("ADD says on stderr which ports it took over, from whom")
  func takeover() {
    let backend = RecordingBackend()
    let four = HostPort(family: .ip, transport: .tcp, port: 8080, address: nil)
    let six = HostPort(family: .ip6, transport: .udp, port: 53, address: IPAddress("::1"))
    backend.takeovers = [Takeover(of: "\(four)", previous: "net/old/eth0"), Takeover(of: "\(six)", previous: "a/b/c")]
    let answer = Sample.answer("ADD", Sample.config(), backend)
    #expect(answer.status == 0)
    #expect(
      answer.notes == [
        "portmap: IPv4 port 8080/tcp taken over from net/old/eth0", "portmap: [::1]:53/udp taken over from a/b/c",
      ])
  }

  @Test("a conflict may be an error, and the backend's error is the answer")
  func conflict() {
    let backend = RecordingBackend()
    backend.failure = CNIError(.hostPortConflict, "taken")
    let answer = Sample.answer("ADD", Sample.config(#""hostPortConflict":"error""#), backend)
    #expect(backend.policies == [.error])
    #expect(answer.code == 100)
    #expect(answer.message == "taken")
  }

  @Test("what comes after the change is done, and is nothing for TCP without masquerading")
  func completion() {
    let backend = RecordingBackend()
    backend.completes = true
    #expect(Sample.answer("ADD", Sample.config(#""snat":false"#), backend).status == 0)
    #expect(backend.applied.count == 1)
  }
}

extension JSON {
  /// The same result with another version in front.
  fileprivate func replacingVersion(by version: String) -> JSON? {
    guard case .object(var object) = self else { return nil }
    object["cniVersion"] = .string(version)
    return .object(object)
  }
}
