// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import JSON
import Rules

/// The options of the plugin ptp.
struct PTPSettings {
  let mtu: MTU?
  let masquerades: Bool
  /// Nil for the host's default.
  let masqueradeBackend: MasqueradeBackend?
  let dns: NetworkResult.DNS

  /// Throws code 7 for a wrong option.
  init(_ config: NetworkConfig) throws(CNIError) {
    do throws(FieldError) {
      mtu = try config.mtu()
      masquerades = try config.document["ipMasq"].bool() ?? false
      masqueradeBackend = try config.document["ipMasqBackend"].choice()
      dns = try config.dns()
    } catch {
      throw CNIError(error)
    }
  }
}
