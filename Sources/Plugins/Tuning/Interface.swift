// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import JSON
import Netlink
import OS
import Sysctl

/// The container's interface with its parameters, to be used while the thread is in the container's namespace.
struct Interface: ~Copyable {
  let name: String
  let link: Link
  private let routes: NetlinkSocket

  private init(_ name: String, _ link: Link, _ routes: consuming NetlinkSocket) {
    self.name = name
    self.link = link
    self.routes = routes
  }

  /// Finds the interface; code 7 if there is none.
  static func find(_ name: String) throws(CNIError) -> Interface {
    do throws(NetlinkError) {
      let routes = try NetlinkSocket.open(.route)
      return Interface(name, try routes.link(named: name), routes)
    } catch {
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: \(error)")
    }
  }

  /// What the options are about, as it is now. Throws code 7 for what the kernel does not have.
  func current(_ options: TuningOptions) throws(CNIError) -> Backup {
    var state = Backup()
    state.link = link.attributes.only(options.link)
    for parameter in options.parameters {
      do {
        state.parameters[parameter.key.path] = try Sysctl(parameter.key).read()
      } catch {
        // Some can only be written, and some be read only once they are set: these have nothing to put back.
        if [EACCES, EPERM, EIO].contains(error.number) { continue }
        throw CNIError(.invalidConfiguration, "\(parameter.path): \(error)")
      }
    }
    for feature in try wanted(options) { state.features[feature.name] = feature.wasOn }
    return state
  }

  /// Makes everything what the options say.
  func apply(_ options: TuningOptions) throws(CNIError) {
    for parameter in options.parameters { try write(parameter.value, to: Sysctl(parameter.key)) }
    try set(options.link)
    var features: [EthtoolFeature] = []
    for feature in try wanted(options) { features.append(EthtoolFeature(name: feature.name, isOn: feature.isOn)) }
    try set(features)
  }

  /// Makes everything what it was; goes on after an error, and throws the last.
  func restore(_ backup: Backup) throws(CNIError) {
    var last: CNIError?
    do { try set(backup.link) } catch { last = error }
    for entry in backup.parameters.entries {
      // The file may say anything.
      guard let key = SysctlKey(entry.path, interface: name) else { continue }
      do { try write(entry.value, to: Sysctl(key)) } catch { last = error }
    }
    do { try set(backup.features.map { EthtoolFeature(name: $0.key, isOn: $0.value) }) } catch { last = error }
    if let last { throw last }
  }

  private func write(_ value: String, to parameter: Sysctl) throws(CNIError) {
    do {
      try parameter.write(value)
    } catch {
      throw CNIError(.inputOutput, "set \(parameter.path) to \"\(value)\": \(error)")
    }
  }

  private func set(_ attributes: LinkAttributes) throws(CNIError) {
    if attributes.isEmpty { return }
    do {
      try routes.set(attributes, of: link.index)
    } catch {
      throw CNIError(.kernelRefused, "tune \(name): \(error)")
    }
  }

  private func set(_ features: [EthtoolFeature]) throws(CNIError) {
    if features.isEmpty { return }
    do throws(NetlinkError) {
      let socket = try NetlinkSocket.open(.generic)
      try socket.set(features, of: name, try socket.ethtool())
    } catch {
      throw CNIError(.kernelRefused, "tune \(name): \(error)")
    }
  }

  /// The features that the options mean, each with what it is to be and what it is.
  func wanted(_ options: TuningOptions) throws(CNIError) -> [(name: String, isOn: Bool, wasOn: Bool)] {
    if options.features.isEmpty { return [] }
    let changeable: [EthtoolFeature]
    do throws(NetlinkError) {
      let socket = try NetlinkSocket.open(.generic)
      changeable = try socket.features(of: name, try socket.ethtool())
    } catch {
      throw CNIError(.kernelRefused, "tune \(name): \(error)")
    }
    var wanted: [(name: String, isOn: Bool, wasOn: Bool)] = []
    for wish in options.features {
      let meant = try configuration { () throws(FieldError) in try wish.features(among: changeable) }
      for feature in meant {
        wanted.removeAll { $0.name == feature.name }
        let wasOn = changeable.contains { $0.name == feature.name && $0.isOn }
        wanted.append((feature.name, feature.isOn, wasOn))
      }
    }
    return wanted
  }
}
