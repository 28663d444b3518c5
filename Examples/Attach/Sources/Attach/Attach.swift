// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Glibc

/// Attaches a network namespace to a network, and detaches it again:
///
///     ip netns add try
///     Attach add mynet /run/netns/try
///     Attach delete mynet /run/netns/try
@main
struct Attach {
  static func main() async {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count == 3, ["add", "delete"].contains(words[0]) else {
      return end(2, "usage: Attach add|delete NETWORK NETNS")
    }
    do {
      let network = try ConfigurationFolder().network(named: words[1])
      var attachment = Attachment(containerID: "attach-example", namespace: words[2])
      attachment.capabilityArguments.setPortMappings([.init(hostPort: 8080, containerPort: 80)])

      var options = NetworkRuntime.Options(pluginFolders: ["/opt/cni/bin", "/usr/lib/cni"])
      options.timeout = .seconds(30)
      options.onCall = { call in
        print("\(call.verb.rawValue) \(call.plugin): \(call.failure.map { "\($0)" } ?? "ok"), \(call.duration)")
      }
      let runtime = NetworkRuntime(options)

      if words[0] == "add" {
        let result = try await runtime.add(network, attachment)
        for address in result.addresses { print(address.address) }
      } else {
        try await runtime.delete(network, attachment)
      }
    } catch {
      end(1, "\(error)")
    }
  }

  private static func end(_ status: Int32, _ message: String) {
    print(message)
    exit(status)
  }
}
