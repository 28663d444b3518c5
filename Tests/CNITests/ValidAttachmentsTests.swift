// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

/// What GC is told to spare, as `NetworkConfig` reads it.
@Suite struct ValidAttachmentsTests {
  private static func valid(_ members: String) throws -> Set<AttachmentID>? {
    try NetworkConfig(try Field(#"{"name":"n","cniVersion":"1.1.0"\#(members)}"#)).validAttachments()
  }

  private static let a0 = AttachmentID(containerID: "a", interface: "eth0")
  private static let b1 = AttachmentID(containerID: "b", interface: "eth1")

  @Test("an absent list is none")
  func absent() throws {
    #expect(try Self.valid("") == nil)
  }

  @Test("null and an empty list spare nothing", arguments: ["cni.dev/valid-attachments", "cni.dev/attachments"])
  func empty(key: String) throws {
    #expect(try Self.valid(#","\#(key)":null"#) == [])
    #expect(try Self.valid(#","\#(key)":[]"#) == [])
  }

  @Test(
    "a list spares what it names, under either key",
    arguments: ["cni.dev/valid-attachments", "cni.dev/attachments", "CNI.dev/Valid-Attachments"])
  func list(key: String) throws {
    let items =
      #"[{"containerID":"a","ifname":"eth0"},{"ContainerID":"b","IfName":"eth1"},{"containerID":"a","ifname":"eth0"}]"#
    #expect(try Self.valid(#","\#(key)":\#(items)"#) == [Self.a0, Self.b1])
  }

  @Test("of both keys the newer counts")
  func both() throws {
    let older = #""cni.dev/attachments":[{"containerID":"b","ifname":"eth1"}]"#
    let newer = #""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"}]"#
    #expect(try Self.valid(",\(older),\(newer)") == [Self.a0])
  }

  @Test(
    "a list that cannot be read is code 7 with the path, and not taken as empty",
    arguments: [
      ("{}", ": expected a list, found an object"),
      (#"[{"ifname":"eth0"}]"#, "[0].containerID: expected a container ID, found nothing"),
      (
        #"[{"containerID":"a","ifname":"eth0"},{"containerID":"a"}]"#,
        "[1].ifname: expected an interface name, found nothing"
      ),
      (#"[{"containerID":"","ifname":"eth0"}]"#, #"[0].containerID: expected a container ID, found """#),
      (#"[{"containerID":5,"ifname":"eth0"}]"#, "[0].containerID: expected a string, found 5"),
      (#"["a"]"#, "[0].containerID: expected a container ID, found nothing"),
    ])
  func broken(list: String, message: String) {
    #expect(throws: CNIError(.invalidConfiguration, "cni.dev/valid-attachments\(message)")) {
      try Self.valid(#","cni.dev/valid-attachments":\#(list)"#)
    }
  }
}
