// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// What an owner may have, as far as a DEL tells: the more of it is true, the less is to be looked for.
struct FirewallHint {
  let rules: [Rule]

  init(_ options: FirewallOptions?, _ result: NetworkResult?) {
    let addresses = (try? result?.containerAddresses()) ?? []
    guard let options else {
      rules = addresses.map { .acceptForwarded(ForwardAccept($0)) }
      return
    }
    // The bridge is one of the host's interfaces in the result, or none of them.
    let interfaces = ((try? result?.interfaces()) ?? []).filter { $0.sandbox == nil }.map(\.name)
    let isolations = interfaces.flatMap { options.rules(for: [], on: $0) }
    rules = options.rules(for: addresses, on: nil) + isolations
  }
}

extension NetworkResult {
  /// The addresses of the container: all but those of the host's interfaces.
  func containerAddresses() throws(FieldError) -> [IPAddress] {
    let interfaces = try interfaces()
    var addresses: [IPAddress] = []
    for entry in try self.addresses() where !addresses.contains(entry.prefix.address) {
      if let index = entry.interface, interfaces.indices.contains(index), interfaces[index].sandbox == nil { continue }
      addresses.append(entry.prefix.address)
    }
    return addresses
  }
}
