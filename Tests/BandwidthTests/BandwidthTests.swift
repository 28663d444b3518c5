// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Skel
import Testing

@testable import Bandwidth

/// What needs no container; what is made for one is tested with the kernel.
@Suite struct BandwidthTests {
  @Test("the plugin has the name that runtimes call it by")
  func name() {
    #expect(Bandwidth { _ in }.name == "bandwidth")
  }

  @Test(
    "where nothing is asked for, ADD passes the result through and CHECK succeeds",
    arguments: [
      "", #""ingressRate":0,"ingressBurst":0,"egressRate":0,"egressBurst":0"#, #""unshapedSubnets":["10.0.0.0/8"]"#,
      #""maxBurst":8,"latency":25"#, #""runtimeConfig":{}"#, Sample.runtime(""), Sample.runtime(#""egressRate":0"#),
      #""capabilities":{"bandwidth":true}"#,
    ])
  func nothing(members: String) throws {
    let answer = Sample.answer("ADD", Sample.config(members))
    #expect(answer.status == 0)
    #expect(answer.json?.canonicalResult == (try JSON(Sample.result).canonicalResult))
    #expect(answer.notes.isEmpty)
    let check = Sample.answer("CHECK", Sample.config(members))
    #expect(check.status == 0)
    #expect(check.output.isEmpty)
  }

  @Test("ADD and CHECK without the result of the plugins before are code 7", arguments: ["ADD", "CHECK"])
  func noResult(verb: String) {
    let reason = "expected the result of the plugins before (bandwidth is a chained plugin), found nothing"
    for members in ["", Sample.limits, Sample.runtime(Sample.limits), #""prevResult":null"#] {
      let answer = Sample.answer(verb, Sample.config(members, result: nil))
      #expect(answer.code == 7)
      #expect(answer.message == "prevResult: \(reason)")
    }
  }

  @Test("a result that is none is code 7 with its path", arguments: ["ADD", "CHECK"])
  func badResult(verb: String) {
    for result in ["5", "[]", #"{"interfaces":5}"#, #"{"cniVersion":"9.9.9"}"#] {
      let answer = Sample.answer(verb, Sample.config(Sample.limits, result: result))
      #expect(answer.code == 7)
      #expect(answer.message.hasPrefix("prevResult"))
    }
  }

  @Test("ADD and CHECK for a namespace that is not there are code 4 with the variable and the path")
  func noNamespace() throws {
    let plugin = Bandwidth { _ in }
    let request = try Sample.request(Sample.limits)
    let expected = "CNI_NETNS: open /nonexistent/namespace: No such file or directory"
    let add = #expect(throws: CNIError.self) { _ = try plugin.add(request) }
    #expect(add?.code == .badEnvironment)
    #expect(add?.message == expected)
    let check = #expect(throws: CNIError.self) { try plugin.check(request) }
    #expect(check?.code == .badEnvironment)
    #expect(check?.message == expected)
  }
}

// MARK: - DEL, GC and STATUS

extension BandwidthTests {
  @Test("DEL succeeds where nothing is, whatever the options and the result say")
  func delete() throws {
    for members in ["", Sample.limits, #""ingressRate":"x""#, #""ingressRate":1"#, #""unshapedSubnets":5"#] {
      for result in [nil, Sample.result, "5", #"{"interfaces":5}"#] {
        let answer = Sample.answer("DEL", Sample.config(members, result: result))
        #expect(answer.status == 0)
        #expect(answer.output.isEmpty)
        #expect(answer.notes.isEmpty)
        try Bandwidth { _ in }.delete(try Sample.request(members, result: result))
      }
    }
  }

  @Test("GC without anything of the network succeeds, whatever the options say")
  func collectGarbage() {
    let valid = #""cni.dev/valid-attachments":[{"containerID":"id","ifname":"eth0"}]"#
    for members in [valid, #""cni.dev/valid-attachments":[]"#, #"\#(valid),"ingressRate":"x""#] {
      #expect(Sample.answer("GC", Sample.config(members, result: nil)).status == 0)
    }
  }

  @Test("STATUS with options that cannot be is code 7, before anything is tried out")
  func status() {
    let answer = Sample.answer("STATUS", Sample.config(#""ingressRate":8"#, result: nil))
    #expect(answer.code == 7)
    let reason = "ingressBurst: expected a burst in bits, as ingressRate is set, found nothing"
    #expect(answer.message == reason)
  }
}
