// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

extension TracedRequest {
  /// `ip addr …`
  var addressCommand: String? {
    guard let address = InterfaceAddress(message) else { return nil }
    var command = ShellCommand("ip addr \(verb)")
    if let peer = address.peer {
      command.add("\(address.address)")
      command.add("peer", "\(peer)/\(address.prefixLength)")
    } else {
      command.add("\(address.prefix)")
    }
    command.add("dev", interfaceName(address.interface))
    command.add("broadcast", address.broadcast)
    // The default of ip: scope host for IPv4 loopback addresses, else global.
    let usual = Prefix.loopback4.contains(address.address) ? RouteScope.host : .universe
    if type == RTM_NEWADDR, address.scope != usual { command.add("scope", address.scope.name) }
    command.add("label", address.label)
    command.add("metric", address.metric)
    command.add("valid_lft", address.validLifetime)
    command.add("preferred_lft", address.preferredLifetime)
    if address.flags.contains(.noDAD) { command.add("nodad") }
    if address.flags.contains(.optimistic) { command.add("optimistic") }
    if address.flags.contains(.noPrefixRoute) { command.add("noprefixroute") }
    return command.text
  }

  /// `ip route …`
  var routeTableCommand: String? {
    guard let route = Route(message) else { return nil }
    let isNew = type == RTM_NEWROUTE
    var command = ShellCommand(route.destination.family == .ip ? "ip route \(verb)" : "ip -6 route \(verb)")
    if route.type.rawValue != (isNew ? RouteType.unicast.rawValue : 0) { command.add(route.type.name) }
    command.add(route.destination.length == 0 ? "default" : "\(route.destination)")
    if route.typeOfService != 0 { command.add("tos", "0x\(String(route.typeOfService, radix: 16))") }
    addGateway(&command, route.gateway, of: route.destination.family)
    command.add("dev", route.interface.map(interfaceName))
    // For these types the default of ip is the table local.
    if route.table != RouteTable.main || [.local, .broadcast].contains(route.type) {
      command.add("table", route.table)
    }
    if route.protocol != (isNew ? Route.boot : 0) { command.add("proto", route.protocol) }
    if route.destination.family == .ip, route.scope != usualScope(route) { command.add("scope", route.scope.name) }
    command.add("metric", route.priority)
    command.add("src", route.preferredSource)
    command.add("mtu", route.mtu)
    command.add("advmss", route.advertisedMSS)
    if route.isOnLink { command.add("onlink") }
    for hop in route.nextHops {
      command.add("nexthop")
      addGateway(&command, hop.gateway, of: route.destination.family)
      command.add("dev", interfaceName(hop.interface))
      command.add("weight", hop.weight)
      if hop.isOnLink { command.add("onlink") }
    }
    return command.text
  }

  private func addGateway(_ command: inout ShellCommand, _ gateway: IPAddress?, of family: AddressFamily) {
    guard let gateway else { return }
    command.add("via")
    if gateway.family != family { command.add(gateway.family == .ip ? "inet" : "inet6") }
    command.add("\(gateway)")
  }

  /// The default scope of ip (iproute_modify in ip/iproute.c).
  private func usualScope(_ route: Route) -> RouteScope {
    switch route.type {
    case .local: .host
    case .broadcast, .multicast: .link
    case .unicast where type == RTM_NEWROUTE:
      route.gateway == nil && route.nextHops.isEmpty ? .link : .universe
    default: type == RTM_NEWROUTE ? .universe : .nowhere
    }
  }

  /// `ip rule …`
  var policyRuleCommand: String? {
    guard let rule = PolicyRule(message) else { return nil }
    var command = ShellCommand(rule.family == .ip ? "ip rule \(verb)" : "ip -6 rule \(verb)")
    if rule.isInverted { command.add("not") }
    command.add("from", rule.source.map { "\($0)" } ?? "all")
    command.add("to", rule.destination)
    if rule.typeOfService != 0 { command.add("tos", "0x\(String(rule.typeOfService, radix: 16))") }
    if let fwmark = rule.fwmark {
      command.add(
        "fwmark", "0x\(String(fwmark, radix: 16))" + (rule.fwmask.map { "/0x\(String($0, radix: 16))" } ?? ""))
    }
    command.add("iif", rule.inputInterface)
    command.add("oif", rule.outputInterface)
    command.add("priority", rule.priority)
    command.add("protocol", rule.protocol)
    command.add("suppress_prefixlength", rule.suppressedPrefixLength)
    if rule.usesVRFTable { command.add("l3mdev") }
    if rule.action == .lookup, rule.table != 0 { command.add("lookup", rule.table) }
    // The other actions have the numbers of the route types.
    if rule.action != .lookup { command.add(RouteType(rawValue: rule.action.rawValue).name) }
    return command.text
  }

  /// `ip neigh …`
  var neighbourCommand: String? {
    guard let entry = Neighbour(message) else { return nil }
    var command = ShellCommand("ip neigh \(verb)")
    let isProxy = entry.flags.contains(.proxy)
    if isProxy { command.add("proxy") }
    command.add("\(entry.address)")
    command.add("lladdr", entry.linkAddress)
    command.add("dev", interfaceName(entry.interface))
    if type == RTM_NEWNEIGH, !isProxy { command.add("nud", entry.state.name) }
    if entry.flags.contains(.router) { command.add("router") }
    if entry.flags.contains(.externallyLearned) { command.add("extern_learn") }
    return command.text
  }
}

extension RouteScope {
  fileprivate var name: String {
    switch self {
    case .universe: "global"
    case .site: "site"
    case .link: "link"
    case .host: "host"
    case .nowhere: "nowhere"
    default: String(rawValue)
    }
  }
}

extension RouteType {
  fileprivate var name: String {
    switch self {
    case .unicast: "unicast"
    case .local: "local"
    case .broadcast: "broadcast"
    case .multicast: "multicast"
    case .blackhole: "blackhole"
    case .unreachable: "unreachable"
    case .prohibit: "prohibit"
    default: String(rawValue)
    }
  }
}

extension Neighbour.State {
  fileprivate var name: String {
    switch self {
    case .none: "none"
    case .incomplete: "incomplete"
    case .reachable: "reachable"
    case .stale: "stale"
    case .failed: "failed"
    case .noARP: "noarp"
    case .permanent: "permanent"
    default: String(rawValue)
    }
  }
}
