// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CMnl
import CNftnl
import Netlink
import OS

/// A rule of libnftnl, which knows how the kernel encodes expressions.
@safe struct RuleHandle: ~Copyable {
  private let handle: OpaquePointer?

  init() { unsafe handle = nftnl_rule_alloc() }

  /// Takes the rule from the kernel's message.
  init(_ reply: NetlinkReply) {
    self.init()
    unsafe reply.bytes.withUnsafeBytes { bytes in
      guard let handle = unsafe handle, let header = bytes.baseAddress else { return }
      _ = unsafe nftnl_rule_nlmsg_parse(header.assumingMemoryBound(to: nlmsghdr.self), handle)
    }
  }

  deinit {
    if let handle = unsafe handle { unsafe nftnl_rule_free(handle) }
  }

  func set(_ attribute: nftnl_rule_attr, _ text: String) {
    if let handle = unsafe handle { _ = unsafe nftnl_rule_set_str(handle, UInt16(attribute.rawValue), text) }
  }

  func set(_ attribute: nftnl_rule_attr, _ bytes: [UInt8]) {
    if let handle = unsafe handle {
      _ = unsafe nftnl_rule_set_data(handle, UInt16(attribute.rawValue), bytes, UInt32(bytes.count))
    }
  }

  /// Appends a step; the rule owns what libnftnl makes for it.
  func append(_ expression: any Expression) {
    guard let handle = unsafe handle, let step = unsafe nftnl_expr_alloc(expression.kind) else { return }
    unsafe expression.fill(step)
    unsafe nftnl_rule_add_expr(handle, step)
  }

  /// The rule as the attributes of a message.
  var attributes: [UInt8] {
    guard let handle = unsafe handle else { return [] }
    // libnftnl writes without looking at the room; no rule of ours has more than a dozen steps of at most 100 bytes.
    var headerLength = 0
    let message = unsafe [UInt8].filled(16_384) { buffer in
      guard let base = buffer.baseAddress, let header = unsafe mnl_nlmsg_put_header(base) else { return 0 }
      headerLength = unsafe Int(header.pointee.nlmsg_len)
      unsafe nftnl_rule_nlmsg_build_payload(header, handle)
      return unsafe Int(header.pointee.nlmsg_len)
    }
    return Array(message.dropFirst(headerLength))
  }

  /// The steps in libnftnl's words, one a line.
  var text: String {
    guard let handle = unsafe handle else { return "" }
    var steps: [String] = []
    _ = unsafe withUnsafeMutablePointer(to: &steps) { steps in
      unsafe nftnl_expr_foreach(
        handle,
        { expression, context in
          guard let context = unsafe context else { return -1 }
          let step = unsafe [UInt8].filled(1024) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            let room = buffer.count
            let text = unsafe base.assumingMemoryBound(to: CChar.self)
            return unsafe max(0, min(room - 1, Int(nftnl_expr_snprintf(text, room, expression, 0, 0))))
          }
          let name = unsafe nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_NAME)).map { unsafe String(cString: $0) }
          unsafe context.assumingMemoryBound(to: [String].self).pointee
            .append("\(name ?? "?") \(String(decoding: step, as: UTF8.self))")
          return 0
        }, steps)
    }
    return steps.joined(separator: "\n")
  }
}
