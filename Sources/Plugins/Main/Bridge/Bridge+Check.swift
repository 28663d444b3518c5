// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import Netlink
import Skel
import Veth

extension Bridge {
  package func check(_ request: Request) throws(CNIError) {
    try checkInterface(request, isUp: !BridgeSettings(request.config).leavesInterfaceDown)
  }

  package func otherProblems(_ request: Request) throws(CNIError) -> [String] {
    let settings = try BridgeSettings(request.config)
    var result = try request.config.previousResult() ?? NetworkResult()
    // Another plugin's interfaces may have addresses too.
    result.ips = result.ips(ofContainerInterface: request.attachment.interface)
    var problems = settings.isGateway ? try Forwarding.problems(result.families) : []
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    guard let link = try HostBridge.find(settings.bridge, host) else {
      return problems + ["the bridge \(settings.bridge) is missing"]
    }
    problems += try settings.problems(of: link, result, host)
    let port = try port(request, on: link, host)
    problems += port.problems(settings)
    return try problems + rules.problems(request, result, settings, port: port.name)
  }

  /// Finds the host's end of the container's interface as a port of the bridge.
  private func port(
    _ request: Request, on bridge: Link, _ host: borrowing RouteSocket
  ) throws(CNIError) -> FoundPort {
    do {
      let end = try request.hostEnd(host, of: "can be on a bridge")
      guard end.master == bridge.index, let port = BridgePort(end) else {
        return .missing("\(end.name) is no port of the bridge \(bridge.name)")
      }
      return .found(end, port.options)
    } catch {
      if error.code == .invalidConfiguration { return .missing(error.message) }
      throw error
    }
  }
}

/// What CHECK finds of a container's port of the bridge.
private enum FoundPort {
  case found(Link, BridgePortOptions)
  case missing(_ reason: String)

  var name: String? {
    if case .found(let end, _) = self { end.name } else { nil }
  }

  /// What is wrong with it. An option that is on though nobody asked may be another plugin's.
  func problems(_ settings: BridgeSettings) -> [String] {
    switch self {
    case .missing(let reason): return [reason]
    case .found(let end, let options):
      let isDown = !end.isUp && !settings.leavesInterfaceDown
      let flags: [(BridgePortOptions.Flag, String)] = [(.hairpin, "hairpin mode"), (.isolated, "isolation")]
      return (isDown ? ["\(end.name) is down"] : [])
        + flags.filter { settings.port[$0.0] == true && options[$0.0] != true }
        .map { "the port \(end.name) has no \($0.1)" }
    }
  }
}

extension BridgeSettings {
  /// What is wrong with the bridge.
  fileprivate func problems(
    of link: Link, _ result: NetworkResult, _ host: borrowing RouteSocket
  ) throws(CNIError) -> [String] {
    if link.kind != HostBridge.kind { return ["\(bridge) is no bridge"] }
    var problems: [String] = []
    if !link.isUp { problems.append("the bridge \(bridge) is down") }
    if isPromiscuous && link.attributes.isPromiscuous != true {
      problems.append("the bridge \(bridge) is not promiscuous")
    }
    if !isGateway { return problems }
    let present = try reporting { () throws(NetlinkError) in try host.addresses(of: link.index) }
    for gateway in result.gatewayPrefixes where !present.contains(where: { $0.isSame(as: gateway) }) {
      problems.append("the bridge \(bridge) lacks the address \(gateway)")
    }
    return problems
  }
}
