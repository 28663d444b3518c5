// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// What the kernel takes to connect a container to a bridge, and to remove its veth: the same changes by `ip`, less the start of `ip`.
final class InterfaceKernel {
  private let node: Namespace
  private let container: Namespace
  private var starting = Samples()
  private var connecting = Samples()
  private var removing = Samples()

  init() throws {
    (node, container) = (try Namespace(), try Namespace())
    try node.ip(
      """
      link add cni0 address 02:00:00:00:00:16 type bridge
      addr add 10.22.0.1/16 dev cni0
      link set cni0 up
      """)
  }

  func measureCycle() throws {
    starting.add(try batch(in: node, ""))
    // It has two sockets of two namespaces, as an ADD has.
    let host = try batch(
      in: node,
      """
      link add veth0 type veth peer name eth0 netns \(container.path)
      link set veth0 master cni0 alias bench up
      """)
    let inside = try batch(
      in: container,
      """
      addr add 10.22.0.2/16 dev eth0
      link set eth0 up
      route add default via 10.22.0.1
      """)
    connecting.add(host + inside)
    removing.add(try batch(in: node, "link del veth0"))
  }

  /// In nanoseconds.
  var connection: Double { connecting.median - 2 * starting.median }
  /// RTM_DELLINK, in nanoseconds.
  var removal: Double { removing.median - starting.median }

  private func batch(in namespace: Namespace, _ lines: String) throws -> UInt64 {
    let input = Array("\(lines)\n".utf8)
    let outcome = try namespace.run {
      try Program("ip").run(["-batch", "-"], environment: ["PATH": Program.standardPath], input: input)
    }
    return try outcome.succeeded("ip -batch").nanoseconds
  }
}
