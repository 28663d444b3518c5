// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@testable import Skel

/// What needs no privileges: to enter any namespace, also one's own, does.
@Suite struct RequestNamespaceTests {
  private static func request(_ namespace: String?) throws -> Request {
    let config = try NetworkConfig(try Field(Sample.config(.current, Sample.result)))
    let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
    return Request(config: config, attachment: owner, namespace: namespace, arguments: "")
  }

  @Test(
    "a namespace that is not there, or is none, is code 4 with the variable, and nothing is run",
    arguments: [
      ("/nonexistent/namespace", "open /nonexistent/namespace: No such file or directory"),
      ("/proc/self/status/x", "open /proc/self/status/x: Not a directory"),
      ("/", "/ is not a network namespace"), ("/dev/null", "/dev/null is not a network namespace"),
      ("/proc/self/ns/mnt", "/proc/self/ns/mnt is not a network namespace"), ("", "open : No such file or directory"),
      (nil, "open : No such file or directory"),
    ])
  func missing(path: String?, reason: String) throws {
    let request = try Self.request(path)
    var isRun = false
    let error = #expect(throws: CNIError.self) { try request.inContainer { _ in isRun = true } }
    #expect(error?.code == .badEnvironment)
    #expect(error?.message == "CNI_NETNS: \(reason)")
    #expect(!isRun)
  }

  @Test("in this namespace the body gets a descriptor of it, or the kernel's refusal is code 4")
  func own() throws {
    let request = try Self.request("/proc/self/ns/net")
    do throws(CNIError) {
      let home = try request.inContainer { (home) throws(CNIError) in home }
      #expect(home >= 0)
    } catch {
      #expect(error == CNIError(.badEnvironment, "CNI_NETNS: enter the namespace: Operation not permitted"))
    }
  }

  @Test("what the body throws is thrown as it is")
  func thrown() throws {
    let request = try Self.request("/proc/self/ns/net")
    let failure = CNIError(.tryAgainLater, "busy")
    let error = #expect(throws: CNIError.self) { try request.inContainer { (_) throws(CNIError) in throw failure } }
    if error?.code != .badEnvironment { #expect(error == failure) }
  }
}
