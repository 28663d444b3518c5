// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON

@testable import Skel

/// Calls that tests begin with; each succeeds.
enum Sample {
  /// Every variable; a process cannot have another namespace than its own without privileges.
  static let environment: [Variable: String] = [
    .containerID: "id", .namespace: "/proc/self/ns/net", .interface: "eth0", .arguments: "A=1;B=2",
    .path: "/opt/cni/bin:/usr/lib/cni", .namespaceOverride: "1",
  ]

  static let result = #""prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.22.0.5/16"}]}"#

  static func config(_ version: SpecVersion, _ members: String...) -> String {
    let all = [#""cniVersion":"\#(version.rawValue)""#, #""name":"net""#, #""type":"recording""#] + members
    return "{\(all.joined(separator: ","))}"
  }

  static func call(
    _ verb: Verb, _ changes: [Variable: String?] = [:], config: String = config(.current, result)
  ) -> Call {
    call(verb.rawValue, changes, input: Array(config.utf8))
  }

  static func call(_ command: String, _ changes: [Variable: String?] = [:], input: [UInt8]) -> Call {
    var variables = environment.mapValues { Optional($0) }
    variables[.command] = command
    variables.merge(changes) { _, new in new }
    var named: [String: String] = [:]
    for (variable, value) in variables { named[variable.rawValue] = value }
    return Call(named, input: input)
  }

  /// GC's list.
  static let attachments = #""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"}]"#
}
