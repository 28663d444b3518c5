// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension NetlinkSocket {
  /// Calls `send`, which sends the requests and returns the replies in the same order. If a log at debug records changes, records the
  /// requests that change something, with the kernel's replies.
  func tracing(
    _ requests: [NetlinkMessage], _ send: () throws(NetlinkError) -> [NetlinkReply]
  ) throws(NetlinkError) -> [NetlinkReply] {
    guard ChangeTrace.isOn else { return try send() }
    // Rendered before sending, because a removed interface has no name afterwards.
    let commands = requests.map { command($0) }
    do throws(NetlinkError) {
      let replies = try send()
      for (index, command) in commands.enumerated() {
        if let command { tell(command, index < replies.count ? replies[index].failure("") : nil) }
      }
      return replies
    } catch {
      for case let command? in commands { tell(command, error) }
      throw error
    }
  }

  /// Records a change by this socket with the kernel's error, if any. `command` is not evaluated unless a log at debug records changes.
  package func tell(_ command: @autoclosure () -> String, _ failure: NetlinkError? = nil) {
    guard ChangeTrace.isOn else { return }
    ChangeTrace.tell(command(), failure?.reason ?? "ok", in: namespace)
  }

  /// The socket's namespace, which may differ from the thread's.
  private var namespace: NamespaceID? {
    let number = ioctl(descriptor, UInt(SIOCGSKNS))
    if number < 0 { return nil }
    let file = FileDescriptor(owning: number)
    return NamespaceID(descriptor: file.number)
  }

  /// The command of ip, tc, ethtool or conntrack that is equivalent to a request. Returns nil for requests that change nothing, and for
  /// messages of nf_tables, which the code that commits a batch records by `tell`.
  func command(_ request: NetlinkMessage) -> String? {
    let number = descriptor
    guard let request = TracedRequest(request, { Self.interfaceName($0, number) }) else { return nil }
    switch bus {
    case .route: return request.routeCommand
    case .netfilter: return request.conntrackCommand
    case .generic: return request.ethtoolCommand
    }
  }

  /// The name of an interface in the socket's namespace; `if7`, which ip accepts too, if no interface has index 7.
  private static func interfaceName(_ index: UInt32, _ socket: Int32) -> String {
    // struct ifreq (net/if.h): the name in 16 bytes, then the index.
    var request = [UInt8](repeating: 0, count: 16)
    request.append(integer: index)
    request += [UInt8](repeating: 0, count: 20)
    let status = unsafe request.withUnsafeMutableBytes { bytes -> CInt in
      guard let base = bytes.baseAddress else { return -1 }
      return unsafe ioctl(socket, UInt(SIOCGIFNAME), base)
    }
    return status == 0 ? request[..<16].text : "if\(index)"
  }
}

extension NetlinkError {
  /// The kernel's error without the action.
  fileprivate var reason: String {
    SystemError.text(number) + (explanation.isEmpty ? "" : " (\(explanation))")
  }
}

/// A request, decoded for rendering it as a command.
struct TracedRequest {
  let type: Int
  /// The flags of its header (`NLM_F_…`).
  let flags: Int32
  /// The request as a message that the decoders of replies can read.
  let message: NetlinkReply
  /// Returns the name of the interface with an index.
  let interfaceName: (UInt32) -> String

  init?(_ request: NetlinkMessage, _ interfaceName: @escaping (UInt32) -> String) {
    guard let message = NetlinkReply.split(request.bytes(sequence: 0)).first else { return nil }
    type = Int(request.type)
    flags = Int32(request.flags)
    self.message = message
    self.interfaceName = interfaceName
  }

  /// The text for a message without an equivalent command: its type and length.
  func unknown(_ bus: String) -> String { "\(bus) message of type \(type), \(message.bytes.count) bytes" }

  /// The verb of ip and tc, from the type and the flags.
  var verb: String {
    // RTM_NEW…, RTM_DEL…, RTM_GET… and RTM_SET… of one object are consecutive (linux/rtnetlink.h).
    if type & 3 == 1 { return "del" }
    if flags & NLM_F_REPLACE != 0 { return flags & NLM_F_CREATE != 0 ? "replace" : "change" }
    return flags & NLM_F_APPEND != 0 ? "append" : "add"
  }

  /// The command for an rtnetlink message; nil for RTM_GET….
  var routeCommand: String? {
    if type & 3 == 2 { return nil }
    let command =
      switch type {
      case RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK, RTM_NEWLINKPROP, RTM_DELLINKPROP: linkCommand
      case RTM_NEWADDR, RTM_DELADDR: addressCommand
      case RTM_NEWROUTE, RTM_DELROUTE: routeTableCommand
      case RTM_NEWRULE, RTM_DELRULE: policyRuleCommand
      case RTM_NEWNEIGH, RTM_DELNEIGH: neighbourCommand
      case RTM_NEWQDISC, RTM_DELQDISC: qdiscCommand
      case RTM_NEWTCLASS: classCommand
      case RTM_NEWTFILTER, RTM_DELTFILTER: filterCommand
      default: String?.none
      }
    return command ?? unknown("rtnetlink")
  }
}
