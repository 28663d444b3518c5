// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// What the kernel takes to connect a container to a bridge with its address announced, and to remove its links, without the start of a
/// process (see ``CPrograms/linkSource``).
final class InterfaceKernel {
  /// How many other ports the bridge has.
  let present: Int
  private(set) var connecting = Samples()
  /// RTM_DELLINK of the veth.
  private(set) var removing = Samples()
  /// RTM_DELLINK of an IFB device, which is there for a limit of what the container sends.
  private(set) var removingIFB = Samples()
  private let program: Program
  private let node: Namespace
  private let sandbox: Namespace
  private let others: Namespace

  init(_ program: Program, present: Int = 0) throws {
    (self.program, self.present) = (program, present)
    (node, sandbox, others) = (try Namespace(), try Namespace(), try Namespace())
    try node.ip(
      """
      link add cni0 address 02:00:00:00:00:16 type bridge
      addr add 10.22.0.1/16 dev cni0
      link set cni0 up
      """)
    let range = 0..<present
    try node.ip(
      range.map { index in
        """
        link add other\(index) type veth peer name eth\(index) netns \(others.path)
        link set other\(index) master cni0 up
        """
      }.joined(separator: "\n"))
    try others.ip(range.map { "link set eth\($0) up" }.joined(separator: "\n"))
  }

  func measureCycle() throws {
    settle()
    let outcome = try node.run { try program.run([sandbox.path]) }
    let text = try outcome.succeeded("the kernel alone").outputText
    let times = text.split { !$0.isNumber }.compactMap { UInt64($0) }
    guard times.count == 3 else { throw Failure("no times were told: \(text)") }
    connecting.add(times[0])
    removing.add(times[1])
    removingIFB.add(times[2])
  }
}
