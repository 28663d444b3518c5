// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: more ports than one change can hold",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapBatchTests {
  /// Calls the plugin in a user namespace, without the privilege to raise a socket's buffer, and then prints the rules.
  private func addInUserNamespace(ports: Int) throws -> Outcome {
    let script = """
      ip link add cni0 type bridge && ip addr add 10.22.0.1/16 dev cni0 && ip link set cni0 up || exit 9
      unshare --net sleep 60 & trap "kill $!" EXIT
      while [ "$(readlink /proc/$!/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
      CNI_COMMAND=ADD CNI_CONTAINERID=\(Container.randomID()) CNI_IFNAME=eth0 CNI_NETNS=/proc/$!/ns/net "$0" portmap
      nft list ruleset >&2
      """
    let mappings = (0..<ports).map { PortMapping(1024 + $0, 80).json }.joined(separator: ",")
    let config = """
      {"cniVersion":"1.0.0","name":"test","type":"portmap","backend":"nftables",\
      "runtimeConfig":{"portMappings":[\(mappings)]},\
      "prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.22.0.5/16"}]}}
      """
    return try Program("unshare").run(
      ["--user", "--map-root-user", "--net", "sh", "-c", script, PortmapNode.program.path],
      environment: ["PATH": Program.standardPath], input: Array(config.utf8))
  }

  @Test("without the privilege to raise the send buffer the error says what it holds and what to do; nothing changes")
  func tooMany() throws {
    let limit = try #require(Int(try Namespace().command("cat", "/proc/sys/net/core/wmem_max").dropLast()))
    // A port takes more than 300 bytes.
    let ports = 2 * limit / 300
    try #require(ports < 64_000, "net.core.wmem_max is so large that all ports fit")
    let outcome = try addInUserNamespace(ports: ports)
    let error = try #require(errorObject(outcome), "\(outcome.errorText.prefix(500))")
    #expect(error.code == 101)
    #expect(error.message.contains("the send buffer at most \(2 * limit - 32): publish fewer ports at once"))
    #expect(error.message.contains("net.core.wmem_max"))
    #expect(!outcome.errorText.contains("elements"))
  }

  @Test("a thousand ports fit")
  func thousand() throws {
    let outcome = try addInUserNamespace(ports: 1000)
    #expect(errorObject(outcome) == nil, "\(outcome.outputText.prefix(500))")
    #expect(outcome.errorText.contains(" 2023 "))
  }
}
