// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import JSON
import Netlink
import OS
import Skel
import Sysctl

/// The container's interface and the parameters of its namespace, which the thread must be in.
struct Interface: ~Copyable {
  let name: String
  /// Nil if there is none; kernel parameters do not need it.
  private let link: Link?
  private let routes: RouteSocket

  private init(_ name: String, _ link: Link?, _ routes: consuming RouteSocket) {
    self.name = name
    self.link = link
    self.routes = routes
  }

  /// Looks for the interface; that it is missing is no error yet.
  static func find(_ name: String) throws(CNIError) -> Interface {
    try reporting("CNI_IFNAME") { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      return Interface(name, try routes.linkIfAny(named: name), routes)
    }
  }

  /// The interface; throws code 7 if it is missing.
  private func required() throws(CNIError) -> Link {
    guard let link else { throw CNIError(.invalidConfiguration, "CNI_IFNAME: there is no interface \(name)") }
    return link
  }

  /// The present values of all that the options set. Throws code 7 for what the kernel does not have.
  func current(_ options: TuningOptions) throws(CNIError) -> Backup {
    var state = Backup()
    if !options.link.isEmpty { state.link = try required().attributes.only(options.link) }
    for parameter in options.parameters {
      do {
        state.parameters[parameter.key.path] = try Sysctl(parameter.key).read()
      } catch {
        // Some parameters can only be written, or only be read once they are set: they have no value to put back.
        if [EACCES, EPERM, EIO].contains(error.number) { continue }
        throw CNIError(.invalidConfiguration, "\(parameter.path): \(error)")
      }
    }
    for feature in try requested(options) { state.features[feature.name] = feature.now.isWanted }
    return state
  }

  /// Sets all that the options say. Returns the parameters that the kernel reads back as another text.
  func apply(_ options: TuningOptions) throws(CNIError) -> [RespelledValue] {
    for parameter in options.parameters { try write(parameter.value, to: Sysctl(parameter.key)) }
    if !options.link.isEmpty { try set(options.link, of: try required()) }
    try apply(try requested(options), options)
    return options.parameters.compactMap { parameter in
      // A parameter that cannot be read is not checked either.
      guard let told = try? Sysctl(parameter.key).read(), !Sysctl.isSame(told, parameter.value) else { return nil }
      return RespelledValue(path: parameter.key.path, asked: parameter.value, told: told)
    }
  }

  private func apply(_ features: [FeatureChange], _ options: TuningOptions) throws(CNIError) {
    if features.isEmpty { return }
    try set(features.map { EthtoolFeature(name: $0.name, isOn: $0.isOn) })
    // The kernel silently keeps a feature off that depends on one that is off.
    let missing = try requested(options).filter { $0.isOn != $0.now.isOn }
    if !missing.isEmpty {
      let list = missing.map { "\($0.name) \($0.now.isOn ? "on" : "off")" }.joined(separator: ", ")
      throw CNIError(.kernelRefused, "tune \(name): the kernel leaves \(list), as it depends on other features")
    }
  }

  /// Puts back all values of a backup whose interface or parameter is still there; goes on after a failure.
  func restore(_ backup: Backup) throws(CNIError) {
    var failures = ErrorCollector()
    if let link { failures.run { () throws(CNIError) in try set(backup.link, of: link) } }
    for entry in backup.parameters.entries {
      // Anything may stand in the file, and the parameters of an interface go with it.
      guard let key = SysctlKey(entry.path, interface: name), Sysctl(key).exists else { continue }
      failures.run { () throws(CNIError) in try write(entry.value, to: Sysctl(key)) }
    }
    if link != nil, !backup.features.isEmpty {
      failures.run { () throws(CNIError) in
        try set(
          try features().filter { backup.features[$0.name] != nil }.map {
            EthtoolFeature(name: $0.name, isOn: backup.features[$0.name] ?? $0.isWanted)
          })
      }
    }
    try failures.throwIfAny()
  }

  private func write(_ value: String, to parameter: Sysctl) throws(CNIError) {
    try reporting("set \(parameter.path) to \"\(value)\"", as: .inputOutput) { () throws(SystemError) in
      try parameter.write(value)
    }
  }

  private func set(_ attributes: LinkAttributes, of link: Link) throws(CNIError) {
    if attributes.isEmpty { return }
    try reporting("tune \(name)") { () throws(NetlinkError) in try routes.set(attributes, of: link.index) }
  }

  private func set(_ features: [EthtoolFeature]) throws(CNIError) {
    if features.isEmpty { return }
    try reporting("tune \(name)") { () throws(NetlinkError) in
      let socket = try GenericSocket.open()
      try socket.set(features, of: name, try socket.ethtool())
    }
  }

  /// The features of the interface that can be changed.
  private func features() throws(CNIError) -> [EthtoolFeature] {
    try reporting("tune \(name)") { () throws(NetlinkError) in
      let socket = try GenericSocket.open()
      return try socket.features(of: name, try socket.ethtool())
    }
  }

  /// What a feature is to be, and what it is now.
  typealias FeatureChange = (name: String, isOn: Bool, now: EthtoolFeature)

  /// The features of the interface that the options mean.
  func requested(_ options: TuningOptions) throws(CNIError) -> [FeatureChange] {
    if options.features.isEmpty { return [] }
    _ = try required()
    let changeable = try features()
    var requested: [FeatureChange] = []
    for feature in options.features {
      let meant = try reporting { () throws(FieldError) in try feature.features(among: changeable) }
      for feature in meant {
        requested.removeAll { $0.name == feature.name }
        guard let now = changeable.first(where: { $0.name == feature.name }) else { continue }
        requested.append((feature.name, feature.isOn, now))
      }
    }
    return requested
  }
}
