// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Glibc
import OS
import Testing

@testable import CNITool

@Suite("records of run") struct RunRecordTests {
  @Test("a record that is read is the one that was written")
  func roundTrip() throws {
    let text = #"{"name": "n", "cniVersion": "1.0.0", "plugins": [{"type": "bridge", "é": [1, null]}]}"#
    let beside = #"[{"mtu":1400,"type":"tuning"}]"#
    let network = try NetworkList(
      parsing: Array(text.utf8), beside: Array(beside.utf8), path: "/etc/cni/net.d/gone.conflist")
    var attachment = CNIRuntime.Attachment(
      containerID: "c", namespace: "/run/netns/c", interface: "eth3", arguments: [.init("IP", "10.0.0.1")])
    attachment.capabilityArguments.setMAC("02:00:00:00:00:01")
    let record = RunRecord(namespaceName: "c", attachments: [PlannedAttachment(network, attachment)])
    let read = try #require(try RunRecord(parsing: record.text))
    #expect(read.namespaceName == "c" && read.attachments.count == 1)
    #expect(read.attachments[0].network == network)
    #expect(read.attachments[0].network.plugins.map(\.type) == ["bridge", "tuning"])
    #expect(read.attachments[0].attachment == attachment)
  }

  @Test("a record of a namespace that was joined names none")
  func joined() throws {
    let record = try #require(try RunRecord(parsing: RunRecord(namespaceName: nil, attachments: []).text))
    #expect(record.namespaceName == nil && record.attachments.isEmpty)
  }

  @Test("a record that was cut off anywhere is none")
  func cut() throws {
    let network = try NetworkList(parsing: Array(#"{"name": "n", "plugins": [{"type": "x"}]}"#.utf8))
    let text = RunRecord(
      namespaceName: "c",
      attachments: [PlannedAttachment(network, CNIRuntime.Attachment(containerID: "c", namespace: nil))]
    ).text
    // The last byte is a line feed.
    for count in 0..<text.count - 1 { #expect(try RunRecord(parsing: Array(text[..<count])) == nil) }
  }

  @Test("a whole record of another form is an error", arguments: [#"{"attachments": 5}"#, #"{"attachments": [{}]}"#])
  func unreadable(text: String) {
    #expect(throws: ToolFailure.self) { try RunRecord(parsing: Array(text.utf8)) }
  }

  @Test("a DEL has the namespace as long as it is that of the process, which another with its ID is not")
  func process() throws {
    let network = try NetworkList(parsing: Array(#"{"name": "n", "plugins": [{"type": "x"}]}"#.utf8))
    let path = "/proc/self/ns/net"
    var planned = PlannedAttachment(network, CNIRuntime.Attachment(containerID: "c", namespace: path))
    #expect(planned.forDeletion.namespace == path)
    let start = try #require(startTime(ofProcess: Int(getpid())))
    for (start, kept) in [(start, path), (start - 1, nil)] {
      planned.process = .init(id: getpid(), start: start)
      let text = RunRecord(namespaceName: nil, attachments: [planned]).text
      let read = try #require(try RunRecord(parsing: text))
      #expect(read.attachments[0].process == planned.process)
      #expect(read.attachments[0].forDeletion.namespace == kept)
    }
  }
}
