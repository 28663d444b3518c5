// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@testable import CNITool

@Suite("records of run") struct RunRecordTests {
  @Test("a record that is read is the one that was written")
  func roundTrip() throws {
    let text = #"{"name": "n", "cniVersion": "1.0.0", "plugins": [{"type": "bridge", "é": [1, null]}]}"#
    let network = try NetworkList(parsing: Array(text.utf8), path: "/etc/cni/net.d/gone.conflist")
    var attachment = Attachment(
      containerID: "c", namespace: "/run/netns/c", interface: "eth3", arguments: [.init("IP", "10.0.0.1")])
    attachment.capabilityArguments.setMAC("02:00:00:00:00:01")
    let record = RunRecord(namespaceName: "c", attachments: [PlannedAttachment(network, attachment)])
    let read = try #require(RunRecord(parsing: record.text))
    #expect(read.namespaceName == "c" && read.attachments.count == 1)
    #expect(read.attachments[0].network == network)
    #expect(read.attachments[0].attachment == attachment)
  }

  @Test("a record of a namespace that was joined names none")
  func joined() throws {
    let record = try #require(RunRecord(parsing: RunRecord(namespaceName: nil, attachments: []).text))
    #expect(record.namespaceName == nil && record.attachments.isEmpty)
  }

  @Test("a record that was cut off anywhere is none")
  func cut() throws {
    let network = try NetworkList(parsing: Array(#"{"name": "n", "plugins": [{"type": "x"}]}"#.utf8))
    let text = RunRecord(
      namespaceName: "c", attachments: [PlannedAttachment(network, Attachment(containerID: "c", namespace: nil))]
    ).text
    // The last byte is a line feed.
    for count in 0..<text.count - 1 { #expect(RunRecord(parsing: Array(text[..<count])) == nil) }
  }
}
