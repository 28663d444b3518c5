// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Skel

/// Gives a container the addresses that its configuration or its runtime names. It keeps nothing.
package struct Static: Plugin {
  package let name = "static"

  package init() {}

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let options = try StaticOptions(request.config, try CNIArguments(request.arguments))
    return NetworkResult(ips: options.addresses, routes: options.routes, dns: options.dns)
  }

  package func delete(_ request: Request) throws(CNIError) {}

  package func check(_ request: Request) throws(CNIError) {
    let options = try StaticOptions(request.config, CNIArguments(lenient: request.arguments))
    let field = request.config.document["prevResult"]
    guard let result = try request.config.previousResult() else {
      throw CNIError(field.expected("the result of the attachment"))
    }
    var problems: [String] = []
    for wanted in options.addresses {
      guard let found = result.ips.first(where: { $0.address == wanted.address }) else {
        problems.append("\(wanted.address) is missing")
        continue
      }
      // An interface plugin may add a gateway where there was none.
      if let gateway = wanted.gateway, found.gateway != gateway {
        problems.append(
          "\(wanted.address) has the gateway \(found.gateway.map { "\($0)" } ?? "none") instead of \(gateway)")
      }
    }
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "prevResult: \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {}

  package func status(_ request: NetworkRequest) throws(CNIError) {
    _ = try StaticOptions(request.config, CNIArguments(lenient: ""))
  }
}
