// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// What an attachment may have, as far as the configuration of a DEL tells: the more complete it is, the less must be searched.
struct FirewallHint {
  let request: ForwardFilterRequest
  /// The host's interfaces in the result, one of which may be the container's bridge port.
  let hostInterfaces: [String]

  /// `link` is the host's end of the container's veth, where the kernel was asked for it.
  init(
    _ attachment: Attachment, _ options: FirewallOptions?, _ result: NetworkResult?, at link: HostLink? = nil
  ) {
    let addresses = result?.containerAddresses.accepted ?? []
    var interfaces = result?.hostInterfaces.map(\.name) ?? []
    if let link {
      let known = [link.name] + (link.bridge.map { [$0] } ?? [])
      interfaces = known + interfaces.filter { !known.contains($0) }
    }
    // Only the first six: a result may name many, but a bridge, a veth and an IFB are all that matter here.
    hostInterfaces = Array(interfaces.filter { isInterfaceName($0) }.prefix(6))
    var request = ForwardFilterRequest(attachment)
    request.accepts = addresses.map { ForwardAccept($0) }
    if let options { request = options.request(of: attachment, for: addresses, at: nil) }
    // With the backend iptables the record holds the port whatever the options are.
    request.recordedPorts = hostInterfaces
    if let options, options.needsLink {
      for bridge in hostInterfaces {
        options.add(HostLink(name: bridge, bridge: nil), to: &request)
        for port in hostInterfaces where port != bridge {
          options.add(HostLink(name: port, bridge: bridge), to: &request)
        }
      }
    }
    self.request = request
  }
}

/// The addresses of a result.
struct ResultAddresses: Equatable {
  /// Those of the container.
  var accepted: [IPAddress] = []
  /// Those of interfaces without a sandbox, which are the host's.
  var ofHost: [IPAddress] = []
}

extension NetworkResult {
  /// The addresses of the container, and those that belong to interfaces of the host.
  var containerAddresses: ResultAddresses {
    var addresses = ResultAddresses()
    for entry in ips where !addresses.accepted.contains(entry.address.address) {
      if let interface = interface(of: entry), interface.sandbox == nil {
        addresses.ofHost.append(entry.address.address)
      } else {
        addresses.accepted.append(entry.address.address)
      }
    }
    return addresses
  }
}
