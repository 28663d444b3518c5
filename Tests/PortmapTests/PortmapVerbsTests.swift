// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Testing

/// CHECK, GC and STATUS, and what fails in the backend.
@Suite struct PortmapVerbsTests {
  @Test("CHECK asks about the rules that ADD made, and succeeds if nothing is wrong")
  func check() {
    let backend = RecordingBackend()
    // Without masquerading, nothing depends on this machine's interfaces.
    let config = Sample.config(#""snat":false"#)
    _ = Sample.answer("ADD", config, backend)
    let answer = Sample.answer("CHECK", config, backend)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(backend.verified.map(\.attachment) == [Sample.owner])
    #expect(backend.verified.map(\.forwards) == backend.applied.map(\.forwards))
    #expect(backend.calls == 2)
  }

  @Test("CHECK lists all that is wrong")
  func checkFails() {
    let backend = RecordingBackend()
    backend.problems = ["the mapping of A is missing", "chain B has other rules"]
    let answer = Sample.answer("CHECK", Sample.config(#""snat":false"#), backend)
    #expect(answer.code == 102)
    #expect(answer.message == "net/id/eth0: the mapping of A is missing; chain B has other rules")
  }

  @Test("CHECK without mappings asks nothing")
  func checkNothing() {
    let backend = RecordingBackend()
    #expect(Sample.answer("CHECK", Sample.config(mappings: nil), backend).status == 0)
    #expect(backend.calls == 0)
  }

  @Test("GC removes what the network owns but for those of the list")
  func collectGarbage() {
    let backend = RecordingBackend()
    let list = #""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"},{"containerID":"b","ifname":"eth1"}]"#
    // Options that are broken do not matter.
    let answer = Sample.answer("GC", Sample.config(#"\#(list),"snat":5"#), backend)
    #expect(answer.status == 0)
    #expect(backend.calls == 1)
    #expect(backend.collected.map(\.network) == ["net"])
    let expected: Set = [
      AttachmentID(containerID: "a", interface: "eth0"), AttachmentID(containerID: "b", interface: "eth1"),
    ]
    #expect(backend.collected.map(\.valid) == [expected])
  }

  @Test("GC without a list removes nothing")
  func collectNothing() {
    let backend = RecordingBackend()
    #expect(Sample.answer("GC", Sample.config(), backend).status == 0)
    #expect(backend.calls == 0)
  }

  @Test("STATUS asks the backend, and nothing but that")
  func status() {
    let backend = RecordingBackend()
    let answer = Sample.answer("STATUS", Sample.config(mappings: nil, addresses: nil), backend)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(backend.probes == 1)
    #expect(backend.calls == 1)
  }

  @Test("an error of the backend is the answer", arguments: ["ADD", "DEL", "CHECK", "GC", "STATUS"])
  func failure(verb: String) {
    let backend = RecordingBackend()
    backend.failure = CNIError(.kernelRefused, "no room")
    let answer = Sample.answer(verb, Sample.config(#""cni.dev/valid-attachments":[]"#), backend)
    #expect(answer.status == 1)
    #expect(answer.code == 101)
    #expect(answer.message == "no room")
    #expect(backend.calls == 1)
  }
}
