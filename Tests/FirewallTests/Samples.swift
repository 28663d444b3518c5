// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Rules
import Testing

@testable import Firewall

/// Configurations and calls that tests begin with.
enum Sample {
  static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")

  /// Addresses of which both families belong to the container.
  static let dual = ["10.22.0.5/16", "fd00::5/64"]

  static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  /// The addresses of ``dual``.
  static func addresses() throws -> [IPAddress] { [try address("10.22.0.5"), try address("fd00::5")] }

  static func accepts(_ addresses: [IPAddress]) -> [Ask] { addresses.map { .accept(ForwardAccept($0)) } }

  /// The interfaces of the host in ``result(_:version:)``, one of which is the container's port.
  static let ports: [Ask] = [.recordPort("cni0"), .recordPort("veth0")]

  /// What a bridge plugin has made: the bridge, the host's end of the veth, and the container's.
  static func result(_ addresses: [String], version: String = "1.0.0") -> String {
    let ips = addresses.map { #"{"address":"\#($0)","interface":2}"# }.joined(separator: ",")
    let interfaces = #"{"name":"cni0"},{"name":"veth0"},{"name":"eth0","sandbox":"/x"}"#
    return #"{"cniVersion":"\#(version)","interfaces":[\#(interfaces)],"ips":[\#(ips)],"x.y/z":[1]}"#
  }

  /// A configuration with other members after the usual ones.
  static func config(_ members: String = "", addresses: [String]? = dual, result: String? = nil) -> String {
    var all = [#""cniVersion":"1.1.0""#, #""name":"net""#, #""type":"firewall""#]
    if let result = result ?? addresses.map({ Self.result($0, version: "1.1.0") }) {
      all.append(#""prevResult":\#(result)"#)
    }
    if !members.isEmpty { all.append(members) }
    return "{\(all.joined(separator: ","))}"
  }

  static func network(_ text: String) throws -> NetworkConfig { try NetworkConfig(try Field(text)) }

  /// Lets the plugin answer a call in the namespace of this process.
  static func answer(_ verb: String, _ config: String, _ host: RecordingHost) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "id", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin",
    ]
    return Call(environment, config).answer { note in Firewall(host.host, note: note) }
  }
}

/// One thing that a request asks for.
enum Ask: Hashable {
  case accept(ForwardAccept)
  case isolate(Isolation)
  case restrict(Restriction)
  case dropInvalid(PacketSource)
  case recordPort(String)
  case markAccepted(bit: Int)
}

extension ForwardFilterRequest {
  /// All that is asked for, kind by kind.
  var asks: [Ask] {
    accepts.map { .accept($0) } + recordedPorts.map { .recordPort($0) } + isolations.map { .isolate($0) }
      + restrictions.map { .restrict($0) } + untracked.map { .dropInvalid($0) }
      + (acceptMarkBit.map { [.markAccepted(bit: $0)] } ?? [])
  }
}

extension [Ask] {
  var isolations: [Isolation] { compactMap { if case .isolate(let isolation) = $0 { isolation } else { nil } } }
  var accepts: [ForwardAccept] { compactMap { if case .accept(let accept) = $0 { accept } else { nil } } }
}

extension FirewallOptions {
  /// What the options ask for because of a link alone.
  func linkAsks(at link: HostLink) -> [Ask] {
    var request = ForwardFilterRequest(Sample.owner)
    add(link, to: &request)
    return request.asks
  }
}
