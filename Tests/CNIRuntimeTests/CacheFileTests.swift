// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@testable import CNIRuntime

/// The bytes of the cache, as libcni writes them.
@Suite struct CacheFileTests {
  private static let list = #"{"name":"tnet","cniVersion":"1.1.0","plugins":[{"type":"x"}]}"#

  private func contents(_ attachment: Attachment, _ result: String) throws -> String {
    let network = try NetworkList(parsing: Array(Self.list.utf8))
    let result = try AttachmentResult(printed: Array(result.utf8), implied: "1.1.0")
    return text(CacheFile(network, attachment, result).text)
  }

  @Test("one line in libcni's order, with the configuration in Base64 and sorted members below")
  func full() throws {
    var attachment = Attachment(containerID: "cnitool-20b4ff582526573bbe7d", namespace: "/run/netns/c1")
    attachment.arguments = [.init("IgnoreUnknown", "1"), .init("K8S_POD_NAME", "p")]
    attachment.capabilityArguments = try CapabilityArguments(json: #"{"mac":"c2:11:22:33:44:66","a":{"c":1,"b":"<"}}"#)
    let result =
      #"{"ips":[{"interface":0,"address":"10.1.2.3/24"}],"interfaces":[{"name":"eth0","sandbox":"/run/netns/c1","mac":"c2:11:22:33:44:66"}],"cniVersion":"1.1.0"}"#
    let encoded = "eyJuYW1lIjoidG5ldCIsImNuaVZlcnNpb24iOiIxLjEuMCIsInBsdWdpbnMiOlt7InR5cGUiOiJ4In1dfQ=="
    #expect(
      try contents(attachment, result)
        == #"{"kind":"cniCacheV1","containerId":"cnitool-20b4ff582526573bbe7d","config":"\#(encoded)","ifName":"eth0","networkName":"tnet","netns":"/run/netns/c1","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAME","p"]],"capabilityArgs":{"a":{"b":"\u003c","c":1},"mac":"c2:11:22:33:44:66"},"result":{"cniVersion":"1.1.0","interfaces":[{"mac":"c2:11:22:33:44:66","name":"eth0","sandbox":"/run/netns/c1"}],"ips":[{"address":"10.1.2.3/24","interface":0}]}}"#
    )
  }

  @Test("what is empty is left out")
  func empty() throws {
    let attachment = Attachment(containerID: "c", namespace: "")
    let encoded = "eyJuYW1lIjoidG5ldCIsImNuaVZlcnNpb24iOiIxLjEuMCIsInBsdWdpbnMiOlt7InR5cGUiOiJ4In1dfQ=="
    #expect(
      try contents(attachment, "{}")
        == #"{"kind":"cniCacheV1","containerId":"c","config":"\#(encoded)","ifName":"eth0","networkName":"tnet","result":{"cniVersion":"1.1.0"}}"#
    )
  }

  @Test("a file is read as it was written")
  func roundTrip() throws {
    var attachment = Attachment(containerID: "c", namespace: "/x", interface: "net1")
    attachment.arguments = [.init("A", "b=c")]
    attachment.capabilityArguments = try CapabilityArguments(json: #"{"ips":["10.0.0.1"]}"#)
    let source = try contents(attachment, #"{"cniVersion":"1.0.0"}"#)
    let file = try #require(CacheFile(Array(source.utf8)))
    #expect(file.network == "tnet")
    #expect(file.attachment == attachment)
    #expect(text(file.configuration) == Self.list)
    #expect(text(file.text) == source)
  }

  @Test(
    "what libcni has written for podman and containerd is written again to the byte",
    arguments: ["podman", "containerd"])
  func recorded(runtime: String) throws {
    let tests = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
    let file = "\(tests)/Fixtures/cache-\(runtime).json"
    // libcni sorts members but those of a Go struct, as podman's ports are.
    let recorded = text(try FileDescriptor.open(file).readAll()).replacing(
      #""hostPort":8080,"containerPort":80,"#, with: #""containerPort":80,"hostPort":8080,"#)
    #expect(text(try #require(CacheFile(Array(recorded.utf8))).text) == recorded)
  }

  @Test(
    "what is no attachment is none",
    arguments: [
      "", "null", "[]", #"{"kind":"cniCacheV2","containerId":"c","ifName":"i","networkName":"n"}"#,
      #"{"containerId":"c","ifName":"i","networkName":"n"}"#, #"{"kind":"cniCacheV1","containerId":"c","ifName":"i"}"#,
      #"{"kind":"cniCacheV1","containerId":"c","networkName":"n"}"#,
      #"{"kind":"cniCacheV1","ifName":"i","networkName":"n"}"#, #"{"cniVersion":"1.0.0"}"#,
    ])
  func none(source: String) { #expect(CacheFile(Array(source.utf8)) == nil) }

  @Test("members of other types are passed over, as far as the attachment is named")
  func odd() throws {
    let source =
      #"{"kind":"cniCacheV1","containerId":"c","ifName":"i","networkName":"n","config":"?","cniArgs":[["a"],["b","c"],1],"capabilityArgs":[],"netns":5}"#
    let file = try #require(CacheFile(Array(source.utf8)))
    #expect(
      file.attachment == Attachment(containerID: "c", namespace: nil, interface: "i", arguments: [.init("b", "c")]))
    #expect(file.configuration.isEmpty)
    #expect(file.result == nil)
  }
}
