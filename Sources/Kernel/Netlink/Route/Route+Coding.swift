// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

extension Route {
  /// The length of struct rtmsg: family, two prefix lengths, type of service, table, protocol, scope, type; flags.
  static let headerLength = 12

  func message(_ type: Int, _ flags: Int32) -> NetlinkMessage {
    var message = NetlinkMessage(type: UInt16(type), flags: flags)
    for byte in [
      destination.family.number, UInt8(truncatingIfNeeded: destination.length), 0, typeOfService,
      table > 0xff ? UInt8(RT_TABLE_UNSPEC.rawValue) : UInt8(truncatingIfNeeded: table),
      `protocol`, scope.rawValue, self.type.rawValue,
    ] { message.append(byte) }
    message.append(UInt32(isOnLink ? RTNH_F_ONLINK : 0))
    if destination.length > 0 { message.attribute(RTA_DST.rawValue, destination.address.bytes) }
    if let gateway { message.attribute(gateway: gateway, of: destination.family) }
    message.attribute(RTA_OIF.rawValue, ifPresent: interface)
    if table > 0xff { message.attribute(RTA_TABLE.rawValue, table) }
    message.attribute(RTA_PRIORITY.rawValue, ifPresent: priority)
    if let preferredSource { message.attribute(RTA_PREFSRC.rawValue, preferredSource.bytes) }
    if mtu != nil || advertisedMSS != nil {
      message.nested(RTA_METRICS.rawValue) { metrics in
        metrics.attribute(RTAX_MTU, ifPresent: mtu)
        metrics.attribute(RTAX_ADVMSS, ifPresent: advertisedMSS)
      }
    }
    if !nextHops.isEmpty {
      message.nested(RTA_MULTIPATH.rawValue) { list in for hop in nextHops { hop.append(to: &list, destination.family) }
      }
    }
    return message
  }

  /// Returns nil unless the route is of IPv4 or IPv6.
  init?(_ reply: NetlinkReply) {
    let header = reply.payload
    func byte(_ offset: Int) -> UInt8 { header.integer(UInt8.self, at: offset) ?? 0 }
    guard
      header.count >= Self.headerLength, let family = AddressFamily.allCases.first(where: { $0.number == byte(0) })
    else { return nil }
    let length = Int(byte(1))
    guard var destination = length == 0 ? Prefix.all(family) : Prefix(Prefix.all(family).address, length: length) else {
      return nil
    }
    var table = UInt32(byte(4))
    var route = Route(to: destination)
    route.typeOfService = byte(3)
    route.protocol = byte(5)
    route.scope = RouteScope(rawValue: byte(6))
    route.type = RouteType(rawValue: byte(7))
    route.isOnLink = header.integer(UInt32.self, at: 8).map { $0 & UInt32(RTNH_F_ONLINK) != 0 } ?? false
    for (type, value) in AttributeList(header.dropFirst(Self.headerLength)) {
      switch UInt32(type) {
      case RTA_DST.rawValue:
        guard let read = IPAddress(bytes: Array(value)).flatMap({ Prefix($0, length: length) }) else { return nil }
        destination = read
      case RTA_GATEWAY.rawValue, RTA_VIA.rawValue: route.gateway = IPAddress(gateway: value, type)
      case RTA_OIF.rawValue: route.interface = value.integer(UInt32.self, at: 0)
      case RTA_TABLE.rawValue: table = value.integer(UInt32.self, at: 0) ?? table
      case RTA_PRIORITY.rawValue: route.priority = value.integer(UInt32.self, at: 0)
      case RTA_PREFSRC.rawValue: route.preferredSource = IPAddress(bytes: Array(value))
      case RTA_METRICS.rawValue:
        route.mtu = Attributes(value)[Int(RTAX_MTU)]?.integer(UInt32.self, at: 0)
        route.advertisedMSS = Attributes(value)[Int(RTAX_ADVMSS)]?.integer(UInt32.self, at: 0)
      case RTA_MULTIPATH.rawValue: route.nextHops = NextHop.list(value)
      default: break
      }
    }
    route.destination = destination
    route.table = table
    self = route
  }
}

extension Route.NextHop {
  func append(to list: inout NetlinkMessage, _ family: AddressFamily) {
    // struct rtnexthop: length, flags, weight less one, interface; then attributes.
    var attributes = NetlinkMessage(type: 0)
    if let gateway { attributes.attribute(gateway: gateway, of: family) }
    list.append(UInt16(truncatingIfNeeded: 8 + attributes.contents.count))
    list.append(UInt8(isOnLink ? RTNH_F_ONLINK : 0))
    list.append(UInt8(clamping: weight - 1))
    list.append(interface)
    list.append(bytes: attributes.contents)
  }

  fileprivate static func list(_ bytes: ArraySlice<UInt8>) -> [Self] {
    var hops: [Self] = []
    var rest = bytes
    while let length = rest.integer(UInt16.self, at: 0), length >= 8, Int(length) <= rest.count {
      let bytes = rest.prefix(Int(length))
      var hop = Self(interface: bytes.integer(UInt32.self, at: 4) ?? 0)
      hop.isOnLink = bytes.integer(UInt8.self, at: 2).map { Int($0) & Int(RTNH_F_ONLINK) != 0 } ?? false
      hop.weight = Int(bytes.integer(UInt8.self, at: 3) ?? 0) + 1
      for (type, value) in AttributeList(bytes.dropFirst(8)) {
        if [RTA_GATEWAY.rawValue, RTA_VIA.rawValue].contains(UInt32(type)) {
          hop.gateway = IPAddress(gateway: value, type)
        }
      }
      hops.append(hop)
      rest = rest.dropFirst((Int(length) + 3) & ~3)
    }
    return hops
  }
}

extension NetlinkMessage {
  /// Appends a gateway; one of another family than the route's is a struct rtvia (family, address).
  fileprivate mutating func attribute(gateway: IPAddress, of family: AddressFamily) {
    if gateway.family == family {
      attribute(RTA_GATEWAY.rawValue, gateway.bytes)
    } else {
      attribute(RTA_VIA.rawValue, [gateway.family.number, 0] + gateway.bytes)
    }
  }
}

extension IPAddress {
  fileprivate init?(gateway value: ArraySlice<UInt8>, _ type: Int) {
    self.init(bytes: Array(UInt32(type) == RTA_VIA.rawValue ? value.dropFirst(2) : value))
  }
}
