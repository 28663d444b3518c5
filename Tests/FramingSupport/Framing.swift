// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CMnl

/// The framing of a bus's messages beyond netlink's own.
package struct Framing: Sendable {
  /// The length of the fixed part between a message's header and its attributes.
  private let fixed: @Sendable (nlmsghdr) -> Int
  /// The length of the fixed part within a nested attribute, by the types on the path to it.
  private let inner: [[Int]: Int]
  /// Nested attributes whose payload is not only attributes.
  private let opaque: Set<[Int]>

  private init(
    inner: [[Int]: Int] = [:], opaque: Set<[Int]> = [], _ fixed: @escaping @Sendable (nlmsghdr) -> Int
  ) {
    self.fixed = fixed
    self.inner = inner
    self.opaque = opaque
  }

  /// struct nfgenmsg begins every message of a netfilter subsystem.
  package static let netfilter = Framing { _ in 4 }

  /// struct genlmsghdr begins every message of generic netlink.
  package static let generic = Framing { _ in 4 }

  /// A veth's peer is a link message without its header, and each next hop of a multipath route has attributes.
  package static let route = Framing(
    inner: [[Int(IFLA_LINKINFO), Int(IFLA_INFO_DATA), Int(VETH_INFO_PEER)]: 16], opaque: [[Int(RTA_MULTIPATH.rawValue)]]
  ) { header in
    // NEW, DEL, GET and SET of one object have consecutive types.
    switch (Int(header.nlmsg_type) - Int(RTM_BASE)) / 4 * 4 + Int(RTM_BASE) {
    case RTM_NEWLINK, RTM_NEWLINKPROP: 16  // struct ifinfomsg
    case RTM_NEWADDR: 8  // struct ifaddrmsg
    case RTM_NEWROUTE, RTM_NEWNEIGH, RTM_NEWRULE: 12  // struct rtmsg, ndmsg, fib_rule_hdr
    case RTM_NEWQDISC, RTM_NEWTCLASS, RTM_NEWTFILTER: 20  // struct tcmsg
    case RTM_NEWNSID: 4  // struct rtgenmsg, padded to four bytes
    default: Int.max
    }
  }

  /// libmnl's findings about consecutive messages, a line each; empty if the framing is correct.
  package func problems(_ datagram: [UInt8]) -> [String] {
    datagram.withUnsafeBytes { bytes in
      var problems: [String] = []
      var rest = Int32(bytes.count)
      var next = bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self)
      while let message = next, mnl_nlmsg_ok(message, rest) {
        problems += self.problems(message).map { "type \(message.pointee.nlmsg_type): \($0)" }
        next = UnsafePointer(mnl_nlmsg_next(message, &rest))
      }
      if rest != 0 { problems.append("\(rest) bytes are no message") }
      return problems
    }
  }

  /// The types of consecutive messages, as far as libmnl can walk them.
  package static func types(_ datagram: [UInt8]) -> [Int] {
    datagram.withUnsafeBytes { bytes in
      var types: [Int] = []
      var rest = Int32(bytes.count)
      var next = bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self)
      while let message = next, mnl_nlmsg_ok(message, rest) {
        types.append(Int(message.pointee.nlmsg_type))
        next = UnsafePointer(mnl_nlmsg_next(message, &rest))
      }
      return types
    }
  }

  private func problems(_ message: UnsafePointer<nlmsghdr>) -> [String] {
    let (length, fixed) = (mnl_nlmsg_get_payload_len(message), fixed(message.pointee))
    guard length >= fixed else { return ["\(length) bytes where \(fixed) are fixed"] }
    guard let start = mnl_nlmsg_get_payload_offset(message, fixed),
      let end = mnl_nlmsg_get_payload_tail(message)
    else {
      return ["no payload"]
    }
    return attributeProblems(start, end, [])
  }

  /// Walks attributes, and recursively those marked as nested.
  private func attributeProblems(
    _ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer, _ path: [Int]
  ) -> [String] {
    var problems: [String] = []
    var place = start
    while place < end {
      let attribute = UnsafePointer(place.assumingMemoryBound(to: nlattr.self))
      guard mnl_attr_ok(attribute, Int32(end - place)),
        let payload = mnl_attr_get_payload(attribute)
      else {
        return problems + ["\(end - place) bytes in \(path) are no attribute"]
      }
      let length = Int(mnl_attr_get_payload_len(attribute))
      let path = path + [Int(mnl_attr_get_type(attribute))]
      if attribute.pointee.nla_type & UInt16(NLA_F_NESTED) != 0, !opaque.contains(path) {
        if mnl_attr_validate(attribute, MNL_TYPE_NESTED) < 0 {
          problems.append("\(path) holds no attribute")
        }
        problems += attributeProblems(payload + inner[path, default: 0], payload + length, path)
      }
      guard let next = mnl_attr_next(attribute) else {
        return problems + ["nothing behind \(path)"]
      }
      let following = UnsafeMutableRawPointer(next)
      if following > end { return problems + ["\(path) is not filled to four bytes"] }
      let filling = UnsafeRawBufferPointer(
        start: payload + length, count: following - (payload + length))
      if filling.contains(where: { $0 != 0 }) {
        problems.append("\(path) is filled with something")
      }
      place = following
    }
    return problems
  }
}
