// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension NetlinkSocket {
  /// Sends requests by `send`, which returns their replies in the same order; tells the changes among them, if a log at debug
  /// records changes.
  func tracing(
    _ requests: [NetlinkMessage], _ send: () throws(NetlinkError) -> [NetlinkReply]
  ) throws(NetlinkError) -> [NetlinkReply] {
    guard ChangeTrace.isOn else { return try send() }
    // Before they are sent: an interface that is removed has no name afterwards.
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

  /// Tells a change that was made by this socket, or that the kernel refused; records nothing unless a log at debug asks for it.
  package func tell(_ command: @autoclosure () -> String, _ failure: NetlinkError? = nil) {
    guard ChangeTrace.isOn else { return }
    ChangeTrace.tell(command(), failure?.reason ?? "ok", in: namespace)
  }

  /// The namespace that the socket is of, whatever that of the thread.
  private var namespace: NamespaceID? {
    let number = ioctl(descriptor, UInt(SIOCGSKNS))
    if number < 0 { return nil }
    let file = FileDescriptor(owning: number)
    return NamespaceID(descriptor: file.number)
  }

  /// The command of ip, tc, ethtool or conntrack that does what a request does; nil for one that changes nothing, and for a
  /// message of nf_tables: whoever commits those tells them.
  func command(_ request: NetlinkMessage) -> String? {
    let number = descriptor
    guard let request = TracedRequest(request, { Self.interfaceName($0, number) }) else { return nil }
    switch bus {
    case .route: return request.routeCommand
    case .netfilter: return request.conntrackCommand
    case .generic: return request.ethtoolCommand
    }
  }

  /// The name of an interface in a socket's namespace; `if7`, which ip takes too, if there is none with the index.
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
  /// What the kernel said, without what was being done.
  fileprivate var reason: String {
    SystemError.text(number) + (explanation.isEmpty ? "" : " (\(explanation))")
  }
}

/// A request as what puts it into words reads it.
struct TracedRequest {
  let type: Int
  /// The flags of its header (`NLM_F_…`).
  let flags: Int32
  /// The request in the form in which the kernel's replies are decoded.
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

  /// What no command is known for, by its type and length.
  func unknown(_ bus: String) -> String { "\(bus) message of type \(type), \(message.bytes.count) bytes" }

  /// `add`, `replace`, `append` or `del`, as the type and the flags say.
  var verb: String {
    // RTM_NEW…, RTM_DEL…, RTM_GET… and RTM_SET… of one object follow each other (linux/rtnetlink.h).
    if type & 3 == 1 { return "del" }
    if flags & NLM_F_REPLACE != 0 { return flags & NLM_F_CREATE != 0 ? "replace" : "change" }
    return flags & NLM_F_APPEND != 0 ? "append" : "add"
  }

  /// The command for a message of rtnetlink; nil for one that only asks.
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
