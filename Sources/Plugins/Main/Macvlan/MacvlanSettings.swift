// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import JSON
import Netlink
import Skel

/// The options of the plugin macvlan, without the MAC address, which has several sources.
struct MacvlanSettings {
  /// The name of the parent interface; nil for that of the default route.
  let master: String?
  let mode: Mode
  let mtu: MTU?
  /// In packets; nil for the kernel's default.
  let broadcastQueueLength: UInt32?
  /// Whether the master is in the container.
  let hasMasterInContainer: Bool
  let dns: NetworkResult.DNS

  /// The modes as the configuration names them.
  enum Mode: String, CaseIterable {
    case bridge, `private`, vepa, passthru

    var kernel: MacvlanOptions.Mode {
      switch self {
      case .bridge: .bridge
      case .private: .private
      case .vepa: .vepa
      case .passthru: .passthru
      }
    }
  }

  /// Throws code 7 for a wrong option.
  init(_ config: NetworkConfig) throws(CNIError) {
    do throws(FieldError) {
      try self.init(reading: config)
    } catch {
      throw CNIError(error)
    }
  }

  private init(reading config: NetworkConfig) throws(FieldError) {
    let document = config.document
    master = try document["master"].interfaceName()
    mode = try document["mode"].choice() ?? .bridge
    mtu = try config.mtu()
    let length = try document["bcqueuelen"].unsigned(in: 0...UInt64(UInt32.max)) ?? 0
    broadcastQueueLength = length == 0 ? nil : UInt32(clamping: length)
    hasMasterInContainer = try document["linkInContainer"].bool() ?? false
    dns = try config.dns()
  }

  var options: MacvlanOptions {
    var options = MacvlanOptions(mode: mode.kernel)
    options.broadcastQueueLength = broadcastQueueLength
    return options
  }
}
