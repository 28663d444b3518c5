// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CMnl

/// What libmnl finds wrong in netlink messages one after another, a line each; empty if they are framed as they should be.
/// `fixed` is the length of what stands between a message's header and its attributes.
func framingProblems(_ datagram: [UInt8], fixed: (nlmsghdr) -> Int) -> [String] {
  datagram.withUnsafeBytes { bytes in
    var problems: [String] = []
    var rest = Int32(bytes.count)
    var next = bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self)
    while let message = next, mnl_nlmsg_ok(message, rest) {
      problems += messageProblems(message, fixed: fixed(message.pointee)).map {
        "type \(message.pointee.nlmsg_type): \($0)"
      }
      next = UnsafePointer(mnl_nlmsg_next(message, &rest))
    }
    if rest != 0 { problems.append("\(rest) bytes are no message") }
    return problems
  }
}

private func messageProblems(_ message: UnsafePointer<nlmsghdr>, fixed: Int) -> [String] {
  let length = mnl_nlmsg_get_payload_len(message)
  guard length >= fixed else { return ["\(length) bytes where \(fixed) are fixed"] }
  guard let start = mnl_nlmsg_get_payload_offset(message, fixed), let end = mnl_nlmsg_get_payload_tail(message) else {
    return ["no payload"]
  }
  return attributeProblems(start, end)
}

/// Walks attributes, and those within the ones that say that they hold others.
private func attributeProblems(_ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) -> [String] {
  var problems: [String] = []
  var place = start
  while place < end {
    let attribute = UnsafePointer(place.assumingMemoryBound(to: nlattr.self))
    guard mnl_attr_ok(attribute, Int32(end - place)), let payload = mnl_attr_get_payload(attribute) else {
      return problems + ["\(end - place) bytes are no attribute"]
    }
    let (type, length) = (mnl_attr_get_type(attribute), Int(mnl_attr_get_payload_len(attribute)))
    if attribute.pointee.nla_type & UInt16(NLA_F_NESTED) != 0 {
      if mnl_attr_validate(attribute, MNL_TYPE_NESTED) < 0 { problems.append("attribute \(type) holds no attribute") }
      // Its end with what fills it to four bytes, which the attributes within it have in their lengths as well.
      problems += attributeProblems(payload, payload + length).map { "in attribute \(type): \($0)" }
    }
    guard let next = mnl_attr_next(attribute) else { return problems + ["nothing behind attribute \(type)"] }
    let following = UnsafeMutableRawPointer(next)
    if following > end { return problems + ["attribute \(type) is not filled to four bytes"] }
    let filling = UnsafeRawBufferPointer(start: payload + length, count: following - (payload + length))
    if filling.contains(where: { $0 != 0 }) { problems.append("attribute \(type) is filled with something") }
    place = following
  }
  return problems
}

/// struct nfgenmsg, which begins every message of a netfilter subsystem.
func netfilterFixed(_: nlmsghdr) -> Int { 4 }
