// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Sample
import Testing

/// Calls the sample as a runtime does. The path of the namespace is one that is not this process's own.
private func call(_ verb: String, _ members: String, version: String = "1.1.0") -> Answer {
  let environment = [
    "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": "/proc/thread-self/ns/net", "CNI_NETNS_OVERRIDE": "1",
    "CNI_IFNAME": "eth0", "CNI_PATH": "/opt/cni/bin",
  ]
  let config = #"{\#(members)"cniVersion":"\#(version)","name":"n","type":"sample"}"#
  return Call(environment, config).answer { _ in Sample() }
}

@Suite("the sample plugin") struct SampleTests {
  private static let result = """
    "interfaces":[{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/c1","mtu":1400}],
    "ips":[{"address":"10.22.0.5/16","gateway":"10.22.0.1","interface":0}],
    "routes":[{"dst":"0.0.0.0/0","gw":"10.22.0.1","mtu":1300}],"dns":{"nameservers":["10.22.0.1"]},"vendor":{"key":[1]}
    """

  @Test("ADD returns prevResult with every member, also one that nothing here knows")
  func passThrough() throws {
    let answer = call("ADD", #""prevResult":{"cniVersion":"1.1.0",\#(Self.result)},"#)
    #expect(answer.status == 0 && answer.notes.isEmpty)
    let expected = try JSON(#"{"cniVersion":"1.1.0",\#(Self.result)}"#)
    #expect(answer.json?.canonicalResult == expected.canonicalResult)
  }

  @Test("ADD returns the result in the version of the configuration", arguments: ["0.2.0", "0.4.0", "1.0.0", "1.1.0"])
  func version(version: String) throws {
    let previous =
      version == "0.2.0"
      ? #""ip4":{"ip":"10.22.0.5/16"}"#
      : #""ips":[{\#(version < "1" ? #""version":"4","# : "")"address":"10.22.0.5/16"}]"#
    let answer = call("ADD", #""prevResult":{"cniVersion":"\#(version)",\#(previous)},"#, version: version)
    #expect(answer.status == 0)
    #expect(answer.json?.canonicalResult == (try JSON(#"{"cniVersion":"\#(version)",\#(previous)}"#)).canonicalResult)
  }

  @Test("ADD and CHECK without prevResult are code 7, which names the member", arguments: ["ADD", "CHECK"])
  func first(verb: String) {
    let answer = call(verb, "")
    #expect(answer.status == 1 && answer.code == 7)
    #expect(
      answer.message.hasPrefix("prevResult: expected the result of the plugins before (sample is a chained plugin)"))
  }

  @Test("CHECK, STATUS, GC and DEL succeed, and print nothing", arguments: ["CHECK", "STATUS", "GC", "DEL"])
  func others(verb: String) {
    let previous = #""prevResult":{"cniVersion":"1.1.0",\#(Self.result)},"cni.dev/valid-attachments":[],"#
    let answer = call(verb, previous)
    #expect(answer.status == 0 && answer.output.isEmpty && answer.notes.isEmpty)
  }
}
