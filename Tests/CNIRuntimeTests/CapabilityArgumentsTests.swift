// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct CapabilityArgumentsTests {
  @Test("an object is read and written, sorted")
  func object() throws {
    let arguments = try CapabilityArguments(json: #" {"mac":"02:00:00:00:00:01", "bandwidth":{"b":1,"a":2}} "#)
    #expect(arguments.capabilities == ["bandwidth", "mac"])
    #expect(arguments.json == #"{"bandwidth":{"a":2,"b":1},"mac":"02:00:00:00:00:01"}"#)
    #expect(arguments.json(of: "mac") == #""02:00:00:00:00:01""#)
    #expect(arguments.json(of: "ips") == nil)
    #expect(!arguments.isEmpty)
    #expect(CapabilityArguments().isEmpty && CapabilityArguments().json == "{}")
  }

  @Test("what is no object is refused", arguments: ["", "[]", "{", "1"])
  func refused(text: String) {
    #expect(throws: ConfigurationError.self) { try CapabilityArguments(json: text) }
  }

  @Test("a value is set in JSON, and refused if it is none")
  func set() throws {
    var arguments = CapabilityArguments()
    try arguments.set("aliases", json: #"{"n" : ["a"]}"#)
    #expect(arguments.json == #"{"aliases":{"n":["a"]}}"#)
    #expect(throws: ConfigurationError.self) { try arguments.set("aliases", json: "x") }
  }

  @Test("known capabilities have the form of CNI's conventions")
  func known() {
    var arguments = CapabilityArguments()
    arguments.setPortMappings([
      .init(hostPort: 8080, containerPort: 80), .init(hostPort: 53, containerPort: 5353, proto: "udp", hostIP: "::1"),
    ])
    #expect(
      arguments.json(of: "portMappings")
        == #"[{"containerPort":80,"hostPort":8080,"protocol":"tcp"},{"containerPort":5353,"hostIP":"::1","hostPort":53,"protocol":"udp"}]"#
    )
    arguments.setBandwidth(.init(ingressRate: 8000, ingressBurst: 16000))
    #expect(arguments.json(of: "bandwidth") == #"{"ingressBurst":16000,"ingressRate":8000}"#)
    arguments.setAddresses(["10.1.2.3/24", "fd00::1"])
    #expect(arguments.json(of: "ips") == #"["10.1.2.3/24","fd00::1"]"#)
    arguments.setMAC("02:00:00:00:00:01")
    #expect(arguments.json(of: "mac") == #""02:00:00:00:00:01""#)
    arguments.setDNS(.init(servers: ["10.0.0.1"], options: ["ndots:1"]))
    #expect(arguments.json(of: "dns") == #"{"options":["ndots:1"],"servers":["10.0.0.1"]}"#)
  }
}
