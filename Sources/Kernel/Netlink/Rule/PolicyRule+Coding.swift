// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

extension PolicyRule {
  /// The length of struct fib_rule_hdr: family, two prefix lengths, type of service, table, two reserved, action; flags.
  private static let headerLength = 12

  func message(_ type: Int, _ flags: Int32) -> NetlinkMessage {
    var message = NetlinkMessage(type: UInt16(type), flags: flags)
    for byte in [
      family.number, UInt8(truncatingIfNeeded: destination?.length ?? 0),
      UInt8(truncatingIfNeeded: source?.length ?? 0),
      typeOfService, table > 0xff ? UInt8(RT_TABLE_UNSPEC.rawValue) : UInt8(truncatingIfNeeded: table), 0, 0,
      action.rawValue,
    ] { message.append(byte) }
    message.append(UInt32(isInverted ? FIB_RULE_INVERT : 0))
    message.attribute(FRA_PRIORITY, ifPresent: priority)
    if let source { message.attribute(FRA_SRC, source.address.bytes) }
    if let destination { message.attribute(FRA_DST, destination.address.bytes) }
    message.attribute(FRA_FWMARK, ifPresent: fwmark)
    message.attribute(FRA_FWMASK, ifPresent: fwmask)
    if let inputInterface { message.attribute(FRA_IIFNAME, text: inputInterface) }
    if let outputInterface { message.attribute(FRA_OIFNAME, text: outputInterface) }
    if table > 0xff { message.attribute(FRA_TABLE, table) }
    message.attribute(FRA_SUPPRESS_PREFIXLEN, ifPresent: suppressedPrefixLength)
    if usesVRFTable { message.attribute(FRA_L3MDEV, UInt8(1)) }
    message.attribute(FRA_PROTOCOL, ifPresent: `protocol`)
    return message
  }

  /// Returns nil unless the rule is of IPv4 or IPv6.
  init?(_ reply: NetlinkReply) {
    let header = reply.payload
    func byte(_ offset: Int) -> UInt8 { header.integer(UInt8.self, at: offset) ?? 0 }
    guard
      header.count >= Self.headerLength, let family = AddressFamily.allCases.first(where: { $0.number == byte(0) })
    else { return nil }
    self.init(family, table: UInt32(byte(4)))
    typeOfService = byte(3)
    action = Action(rawValue: byte(7))
    isInverted = header.integer(UInt32.self, at: 8).map { $0 & UInt32(FIB_RULE_INVERT) != 0 } ?? false
    for (type, value) in AttributeList(header.dropFirst(Self.headerLength)) {
      switch type {
      case Int(FRA_PRIORITY): priority = value.integer(UInt32.self, at: 0)
      case Int(FRA_SRC): source = IPAddress(bytes: Array(value)).flatMap { Prefix($0, length: Int(byte(2))) }
      case Int(FRA_DST): destination = IPAddress(bytes: Array(value)).flatMap { Prefix($0, length: Int(byte(1))) }
      case Int(FRA_FWMARK): fwmark = value.integer(UInt32.self, at: 0)
      case Int(FRA_FWMASK): fwmask = value.integer(UInt32.self, at: 0)
      case Int(FRA_IIFNAME): inputInterface = value.text
      case Int(FRA_OIFNAME): outputInterface = value.text
      case Int(FRA_TABLE): table = value.integer(UInt32.self, at: 0) ?? table
      case Int(FRA_SUPPRESS_PREFIXLEN):
        suppressedPrefixLength = value.integer(UInt32.self, at: 0).flatMap { $0 == .max ? nil : $0 }
      case Int(FRA_L3MDEV): usesVRFTable = value.flag ?? false
      case Int(FRA_PROTOCOL): `protocol` = value.first
      default: break
      }
    }
  }
}

extension RouteSocket {
  /// The policy rules of a family, ordered by priority.
  package func policyRules(_ family: AddressFamily) throws(NetlinkError) -> [PolicyRule] {
    var request = NetlinkMessage(type: UInt16(RTM_GETRULE), flags: NLM_F_DUMP)
    for word in [UInt32(family.number), 0, 0] { request.append(word) }
    return try list(request, "list the \(family.title) policy rules") { reply in
      PolicyRule(reply).flatMap { $0.family == family ? $0 : nil }
    }
  }

  /// Adds a rule; throws `EEXIST` if an equal one exists.
  package func add(_ rule: PolicyRule) throws(NetlinkError) {
    let request = rule.message(RTM_NEWRULE, Addition.exclusive.flags)
    try netlink.execute(request, "add a policy rule for table \(rule.table)")
  }

  /// Removes the first rule with all properties of this one; returns false if there is none.
  @discardableResult
  package func remove(_ rule: PolicyRule) throws(NetlinkError) -> Bool {
    let request = rule.message(RTM_DELRULE, NLM_F_ACK)
    return try netlink.execute(request, "remove a policy rule for table \(rule.table)", unless: [ENOENT]) != nil
  }
}
