// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: refusals", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapRefusalTests {
  /// A wrong path of a namespace, and words of the error.
  static let namespaces = [
    ("/run/netns/there-is-none", "No such file or directory"), ("/etc/passwd", "not a network namespace"),
    ("/proc/self/ns/mnt", "not a network namespace"), ("/etc", "not a network namespace"),
    ("/proc/self/ns/net", "the namespace that the plugin runs in"),
  ]

  @Test("a path that is no namespace, or the host's own, is code 4 and changes nothing", arguments: namespaces)
  func namespace(path: String, reason: String) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let outcome = try host.call("ADD", container, [PortMapping(8080, 80)], environment: ["CNI_NETNS": path])
    let error = try #require(errorObject(outcome))
    #expect(outcome.status == 1)
    #expect(error.code == 4)
    #expect(error.message.contains("CNI_NETNS") && error.message.contains(reason))
    #expect(try host.elements().isEmpty)
  }

  @Test("the host's own namespace is accepted if the runtime says that it is intended")
  func override() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let variables = ["CNI_NETNS": "/proc/self/ns/net", "CNI_NETNS_OVERRIDE": "true"]
    try host.succeed("ADD", try host.call("ADD", container, [PortMapping(8080, 80)], environment: variables))
  }

  /// Input, and the code and words of its error.
  static let inputs: [(input: String, code: Int, words: String)] = [
    ("", 6, "stdin"),
    ("{", 6, "line 1"),
    ("[]", 6, "a JSON object"),
    (mapping("0, \"containerPort\": 80"), 7, "runtimeConfig.portMappings[0].hostPort"),
    (mapping("-1, \"containerPort\": 80"), 7, "found -1"),
    (mapping("65536, \"containerPort\": 80"), 7, "between 1 and 65535, found 65536"),
    (mapping("1e300, \"containerPort\": 80"), 7, "found 1e+300"),
    (mapping("99999999999999999999, \"containerPort\": 80"), 7, "portMappings[0].hostPort"),
    (mapping("\"80\", \"containerPort\": 80"), 7, "found \"80\""),
    (mapping("80, \"containerPort\": {}"), 7, "runtimeConfig.portMappings[0].containerPort"),
    (mapping("80, \"containerPort\": 80, \"protocol\": \"icmp\""), 7, "portMappings[0].protocol: expected tcp"),
    (mapping("80, \"containerPort\": 80, \"hostIP\": \"192.0.2\""), 7, "portMappings[0].hostIP"),
    (#"{"cniVersion":"9.9.9","name":"n"}"#, 1, "9.9.9"),
    (#"{"cniVersion":"1.0.0"}"#, 7, "name"),
    (#"{"cniVersion":"1.0.0","name":"../x"}"#, 7, "name"),
    (#"{"cniVersion":"1.0.0","name":"n","snat":"yes"}"#, 7, "snat: expected true or false"),
    (#"{"cniVersion":"1.0.0","name":"n","conditionsV4":["ip ttl 1"]}"#, 7, "conditionsV4[0]: expected saddr or daddr"),
    (#"{"cniVersion":"1.0.0","name":"n","sourceRanges":["10.0.0.0/33"]}"#, 7, "sourceRanges[0]"),
    (#"{"cniVersion":"1.0.0","name":"n","backend":"nftables","externalSetMarkChain":"X"}"#, 2, "externalSetMarkChain"),
    (#"{"cniVersion":"1.0.0","name":"n","backend":"iptables","iptablesVariant":"x"}"#, 7, "iptablesVariant"),
    (#"{"cniVersion":"1.0.0","name":"n","backend":"ebpf"}"#, 7, "backend"),
    (#"{"cniVersion":"1.0.0","name":"n"}"#, 7, "prevResult"),
    (#"{"cniVersion":"1.0.0","name":"n","prevResult":{"ips":[{"address":"10.0.0.300/24"}]}}"#, 7, "ips[0].address"),
  ]

  private static func mapping(_ members: String) -> String {
    #"{"cniVersion":"1.0.0","name":"n","runtimeConfig":{"portMappings":[{"hostPort": \#(members)}]}}"#
  }

  @Test("bad input is an error that names the field, with the right code", arguments: inputs)
  func input(text: String, code: Int, words: String) throws {
    let host = try Namespace()
    let container = try Namespace()
    let environment = [
      "CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": container.path, "CNI_IFNAME": "eth0",
    ]
    let outcome = try host.run { try PortmapNode.program.run(environment: environment, input: Array(text.utf8)) }
    let error = try #require(errorObject(outcome))
    #expect(outcome.status == 1)
    #expect(error.code == code)
    #expect(error.message.contains(words))
    #expect(outcome.errors.isEmpty)
    #expect(try host.command("nft", "list", "ruleset").isEmpty)
  }

  /// Not among `inputs`, because the test log would hold every letter of them.
  @Test("input that is too deep or too long is code 6")
  func excess() throws {
    try input(text: String(repeating: "[", count: 10_000), code: 6, words: "depth")
    try input(text: #"{"a":"\#(String(repeating: "x", count: 10 << 20))"}"#, code: 6, words: "larger than 8 MiB")
  }

  @Test("CNI_ARGS, which portmap does not read, may be anything", arguments: ["nonsense", "IgnoreUnknown=1;A=b=c;;"])
  func arguments(text: String) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    #expect(try host.call("ADD", container, [PortMapping(8080, 80)], environment: ["CNI_ARGS": text]).status == 0)
  }

  @Test("bad environment variables are code 4 and named")
  func environment() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for (variable, value) in [
      ("CNI_CONTAINERID", "../x"), ("CNI_CONTAINERID", ""), ("CNI_IFNAME", "a/b"), ("CNI_IFNAME", "sixteen-letters-"),
      ("CNI_COMMAND", "FETCH"), ("CNI_NETNS", ""),
    ] {
      let outcome = try host.call("ADD", container, [PortMapping(8080, 80)], environment: [variable: value])
      let error = try #require(errorObject(outcome))
      #expect(error.code == 4)
      #expect(error.message.contains(variable))
    }
    #expect(try host.elements().isEmpty)
  }
}
