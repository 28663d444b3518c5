// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import OS
import TestSupport
import Testing

@Suite(
  "flannel: a delegate that is the same program",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FlannelInProcessTests {
  private static let previous = #"{"cniVersion":"1.1.0","ips":[{"address":"10.244.0.7/24"}]}"#

  /// The calls, in order.
  struct Call: CustomTestStringConvertible, Sendable {
    let verb: String
    var port = 8080
    var succeeds = true
    var testDescription: String { "\(verb), host port \(port)" }

    static let all = [
      Call(verb: "STATUS"), Call(verb: "ADD"), Call(verb: "CHECK"), Call(verb: "CHECK", port: 8081, succeeds: false),
      Call(verb: "GC"), Call(verb: "CHECK", succeeds: false), Call(verb: "ADD", port: 70_000, succeeds: false),
      Call(verb: "ADD"), Call(verb: "DEL"), Call(verb: "DEL"), Call(verb: "CHECK", succeeds: false),
    ]
  }

  @Test("its result and state are the same as if it were executed, and no program is started")
  func comparison() throws {
    let folder = try TemporaryFolder()
    let program = installedProgram("flannel").path
    try systemCall("symlink") { symlink(program, "\(folder.path)/portmap") }
    var answers: [[String]] = []
    for inProcess in ["1", "0"] {
      var network = FlannelNetwork(on: try FlannelNode())
      network.delegate = #"{"type":"portmap"}"#
      network.version = "1.1.0"
      let trace = "\(folder.path)/trace.\(inProcess)"
      network.wrapper = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace]
      let pod = try Pod()
      var answer: [String] = []
      for call in Call.all {
        let outcome = try network.call(
          call.verb, call.verb == "STATUS" || call.verb == "GC" ? nil : pod,
          members: """
            "cni.dev/valid-attachments":[],"capabilities":{"portMappings":true},\
            "runtimeConfig":{"portMappings":[{"hostPort":\(call.port),"containerPort":80}]},
            """,
          previous: Self.previous, environment: ["CNI_PATH": folder.path, "SWIFT_CNI_IN_PROCESS": inProcess])
        #expect((outcome.status == 0) == call.succeeds, "\(call.testDescription): \(outcome.outputText)")
        let said = outcome.outputText.replacing(pod.id, with: "ID")
        answer.append("\(call.testDescription): \(outcome.ending) \(said) \(outcome.errorText)")
        answer.append(try network.node.savedFiles().map { $0.replacing(pod.id, with: "ID") }.count.description)
        answer.append(
          (try? network.node.namespace.command("nft", "-t", "list", "ruleset"))?.replacing(pod.id, with: "ID") ?? "")
        let started = try FileDescriptor.open(trace).readAll().split(separator: 0x0a)
        // A failed ADD is followed by a DEL.
        #expect(inProcess == "1" ? started.count == 1 : started.count > 1)
      }
      answers.append(answer)
    }
    for (own, other) in zip(answers[0], answers[1]) { #expect(own == other) }
  }
}
