// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import Invoke
import JSON
import NetNS
import Netlink
import OS
import Skel

/// Moves an interface of the host into the container.
package struct HostDevice: InterfacePlugin {
  package let name = "host-device"
  /// It can be of every kind.
  package let kind: String? = nil
  package let executor: PluginExecutor
  package let note: (String) -> Void
  let sysfs: Sysfs

  package init(executor: PluginExecutor, sysfs: String = "/sys", note: @escaping (String) -> Void) {
    self.executor = executor
    self.note = note
    self.sysfs = Sysfs(root: sysfs)
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let selector = try DeviceSelector(request.config, sysfs)
    let dns = try reporting { () throws(FieldError) in try request.config.dns() }
    _ = try CNIArguments(request.arguments)
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    if sysfs.isDrivenByProgram(selector) { return try addressesOnly(ipam, dns) }
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let container = try request.openNamespace()
    try request.inside(container) { () throws(CNIError) in
      try ContainerLink.requireFreeName(request.attachment.interface)
    }
    guard let device = try HostSide.find(selector, sysfs, host) else {
      throw CNIError(.invalidConfiguration, "\(selector.option): this host has no interface of this device")
    }
    let before = try FormerState(device, host)
    return try allOrNothing { (rollback) throws(CNIError) in
      rollback.add { () throws(CNIError) in
        try giveBack(request, selector)
        try before.restore(request.attachment)
      }
      try reporting("move \(device.link.name) into the container") { () throws(NetlinkError) in
        try device.mark(for: request.attachment, host)
        try host.move(
          device.link.index, toNamespace: container.descriptor, name: request.attachment.interface, alias: device.name)
      }
      let link = try request.inside(container) { () throws(CNIError) in
        try reporting { () throws(NetlinkError) in try RouteSocket.open().link(named: request.attachment.interface) }
      }
      var interface = OnlyInterface(link, request.attachment, dns: dns)
      // The alias is the name on the host already; other hosts on the device's network may have the address.
      interface.attributes = LinkAttributes()
      interface.detectsDuplicates = true
      return try interface.attach(request, ipam, in: container, undoneBy: &rollback, note: note)
    }
  }

  /// The result for a device without an interface.
  private func addressesOnly(_ ipam: IPAMPlugin?, _ dns: NetworkResult.DNS) throws(CNIError) -> NetworkResult {
    var result = try allOrNothing { (rollback) throws(CNIError) in
      try ipam?.add(undoneBy: &rollback) ?? NetworkResult()
    }
    if !dns.isEmpty { result.dns = dns }
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    let selector = try? DeviceSelector(request.config, sysfs)
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in try releaseAddresses(request) }
    if selector.map({ !sysfs.isDrivenByProgram($0) }) ?? true {
      failures.run { () throws(CNIError) in try giveBack(request, selector) }
    }
    try failures.throwIfAny()
  }

  package func check(_ request: Request) throws(CNIError) {
    if try sysfs.isDrivenByProgram(DeviceSelector(request.config, sysfs)) {
      try IPAMPlugin.find(request.config, request.environment, executor)?.check()
    } else {
      try checkInterface(request)
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try collectAddresses(request)
  }
}

extension DeviceSelector {
  /// The option that has selected the device, for messages, with its value.
  var option: String {
    switch self {
    case .name(let name): "device (\(name))"
    case .mac(let mac): "hwaddr (\(mac))"
    case .path(let path): "kernelpath (\(path))"
    case .pci(let address): "PCI device \(address)"
    case .auxiliary(let name): "auxiliary device \(name)"
    }
  }
}

/// What a device has on the host and loses on its way, so that an ADD that fails can put it back.
private struct FormerState {
  private let name: String
  private let mac: MACAddress?
  private let isUp: Bool
  private let alias: String
  private let addresses: [InterfaceAddress]

  init(_ device: HostSide, _ routes: borrowing RouteSocket) throws(CNIError) {
    let link = device.link
    name = device.name
    mac = link.attributes.address
    isUp = link.isUp
    alias = link.attributes.alias ?? ""
    addresses = try reporting(link.name) { () throws(NetlinkError) in try routes.addresses(of: link.index) }
      .filter { $0.flags.contains(.permanent) && $0.scope == .universe }
  }

  /// Restores it on the device, which is on the host again, perhaps with another index. Does nothing if another interface has its name now.
  func restore(_ attachment: Attachment) throws(CNIError) {
    try reporting("restore the state of \(name)") { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      guard let link = try routes.linkIfAny(named: name), link.attributes.address == mac else { return }
      try routes.unmark(link, for: attachment)
      let index = link.index
      var changes = addresses.map { address in
        var copy = address
        copy.interface = index
        copy.flags.remove(.permanent)
        copy.flags.remove(.tentative)
        return RouteChange.addAddress(copy)
      }
      var attributes = LinkAttributes()
      attributes.alias = alias
      changes.append(.setAttributes(attributes, of: index))
      if isUp { changes.append(.bringUp(index)) }
      let failures = try routes.make(changes)
      // Addresses of a device that has not been moved are there.
      for case let failure? in failures where !failure.isAlreadyThere { throw failure }
    }
  }
}
