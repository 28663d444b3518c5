// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

extension TracedRequest {
  private var attributes: Attributes { message.attributes(after: TrafficHeader.length) }

  /// `tc qdisc …`
  var qdiscCommand: String? {
    guard let header = TrafficHeader(message) else { return nil }
    var command = ShellCommand("tc qdisc \(verb)")
    command.add("dev", interfaceName(header.interface))
    let kind = attributes[Int(TCA_KIND)]?.text
    if header.parent == .ingress { command.add("ingress") } else { add(&command, parent: header.parent) }
    if header.parent == .ingress { return command.text }
    if header.handle != 0 { command.add("handle", TrafficHandle(rawValue: header.handle)) }
    guard let kind else { return command.text }
    command.add(kind)
    let options = attributes[Int(TCA_OPTIONS)] ?? []
    switch kind {
    case "tbf":
      guard let bucket = TokenBucket(tbf: Attributes(options)) else { break }
      command.add("rate", "\(bucket.rate)bps")
      command.add("burst", Attributes(options)[Int(TCA_TBF_BURST)]?.integer(UInt32.self, at: 0) ?? bucket.burst)
      command.add("limit", bucket.limit)
    case "htb":
      // struct tc_htb_glob: version, rate2quantum, default class.
      let parameters = Attributes(options)[Int(TCA_HTB_INIT)]
      command.add("default", parameters?.integer(UInt32.self, at: 8).map { String($0, radix: 16) })
      command.add("direct_qlen", Attributes(options)[Int(TCA_HTB_DIRECT_QLEN)]?.integer(UInt32.self, at: 0))
    case "bfifo", "pfifo": command.add("limit", options.integer(UInt32.self, at: 0))
    default: if !options.isEmpty { command.add(words: "[options, \(options.count) bytes]") }
    }
    return command.text
  }

  /// `tc class add … htb …`; nil for other kinds of classes.
  var classCommand: String? {
    guard
      let header = TrafficHeader(message), attributes[Int(TCA_KIND)]?.text == "htb",
      let bucket = TokenBucket(htb: attributes.nested(Int(TCA_OPTIONS)), limit: 0)
    else { return nil }
    var command = ShellCommand("tc class \(verb)")
    command.add("dev", interfaceName(header.interface))
    add(&command, parent: header.parent)
    command.add("classid", TrafficHandle(rawValue: header.handle))
    command.add("htb")
    for option in ["rate", "ceil"] { command.add(option, "\(bucket.rate)bps") }
    for option in ["burst", "cburst"] { command.add(option, bucket.burst) }
    // struct tc_htb_opt: two rates of 12 bytes, two buckets, the quantum.
    let parameters = attributes.nested(Int(TCA_OPTIONS))[Int(TCA_HTB_PARMS)]
    command.add("quantum", parameters?.integer(UInt32.self, at: 32))
    return command.text
  }

  /// `tc filter …`
  var filterCommand: String? {
    guard let header = TrafficHeader(message) else { return nil }
    var command = ShellCommand("tc filter \(verb)")
    command.add("dev", interfaceName(header.interface))
    if header.parent == .ingressFilters { command.add("ingress") } else { add(&command, parent: header.parent) }
    command.add("protocol", Self.protocolName(UInt16(truncatingIfNeeded: header.info).bigEndian))
    command.add("prio", header.info >> 16)
    if header.handle != 0 { command.add("handle", Self.filterHandle(header.handle)) }
    guard let kind = attributes[Int(TCA_KIND)]?.text else { return command.text }
    command.add(kind)
    guard let rule = TrafficFilter(header, attributes)?.rule else { return command.text }
    for key in rule.keys {
      command.add(words: "match u32 \(Self.hexadecimal(key.value)) \(Self.hexadecimal(key.mask)) at \(key.offset)")
    }
    if rule.classID.rawValue != 0 { command.add("flowid", rule.classID) }
    if let target = rule.target {
      command.add(words: "action mirred egress redirect")
      command.add("dev", interfaceName(target))
    }
    return command.text
  }

  private func add(_ command: inout ShellCommand, parent: TrafficHandle) {
    if parent == .root { command.add("root") } else { command.add("parent", parent) }
  }

  private static func protocolName(_ etherType: UInt16) -> String {
    switch Int32(etherType) {
    case ETH_P_IP: "ip"
    case ETH_P_IPV6: "ipv6"
    case ETH_P_ALL: "all"
    default: "0x\(String(etherType, radix: 16))"
    }
  }

  /// The handle of a u32 filter in tc's notation: hash table, bucket, filter.
  private static func filterHandle(_ handle: UInt32) -> String {
    let (table, bucket, node) = (handle >> 20, handle >> 12 & 0xff, handle & 0xfff)
    func digits(_ number: UInt32) -> String { number == 0 ? "" : String(number, radix: 16) }
    return "\(digits(table)):\(digits(bucket)):\(digits(node))"
  }

  /// A 32-bit word in network byte order.
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    "0x" + joined(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }, by: "")
  }
}
