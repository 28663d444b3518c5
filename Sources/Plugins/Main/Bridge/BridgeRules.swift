// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import JSON
import Rules
import Skel

/// The rules that bridge has made: masquerading, and MAC spoof checks.
package struct BridgeRules {
  private let masquerading: any MasqueradeBackends
  private let spoofing: any MACSpoofGuard

  package init(masquerading: any MasqueradeBackends, spoofing: any MACSpoofGuard) {
    self.masquerading = masquerading
    self.spoofing = spoofing
  }

  /// Throws code 7 if the attachment cannot have the rules that the configuration asks for.
  func requireRoom(for attachment: Attachment, _ settings: BridgeSettings) throws(CNIError) {
    if settings.checksMAC { try spoofing.requireRoom(for: attachment.id) }
  }

  /// Has frames from the container dropped that have another MAC address than its interface.
  func checkMAC(_ request: Request, _ veth: HostVeth) throws(CNIError) -> AppliedChange {
    try spoofing.apply(MACSpoofCheck(request.attachment.id, port: veth.name, address: veth.container.mac))
  }

  /// Has packets from the container's addresses masqueraded.
  func masquerade(
    _ request: Request, _ result: NetworkResult, _ settings: BridgeSettings
  ) throws(CNIError) -> AppliedChange {
    let request = MasqueradeRequest(request.attachment, result.ips.map(\.address))
    return try masquerading.masquerader(settings.masqueradeBackend).apply(request)
  }

  /// Removes the rules of an attachment, whatever the configuration says now of whether there are any.
  func remove(_ attachment: Attachment, _ addresses: [Prefix]) throws(CNIError) {
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      try spoofing.remove(attachment.id) { HostVeth.isAnothers($0, than: attachment) }
    }
    failures.run { () throws(CNIError) in try masquerading.remove(MasqueradeHint(attachment, addresses)) }
    try failures.throwIfAny()
  }

  /// Removes the rules of a network's attachments that are not valid. MAC spoof checks do not name their network, but the name of our
  /// host's end follows from it: upstream's checks, whose ports have random names, go with DEL only.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      try spoofing.removeAll { owner, port in
        !valid.contains(owner) && HostVeth.isName(port, of: owner.attachment(to: network))
      }
    }
    failures.run { () throws(CNIError) in try masquerading.removeAll(ofNetwork: network, sparing: valid) }
    try failures.throwIfAny()
  }

  /// What is missing of the rules that the configuration asks for.
  func problems(
    _ request: Request, _ result: NetworkResult, _ settings: BridgeSettings, port: String?
  ) throws(CNIError) -> [String] {
    var problems: [String] = []
    let (attachment, name) = (request.attachment, request.attachment.interface)
    if settings.masquerades {
      let sources = result.ips(ofContainerInterface: name).map(\.address)
      problems += try masquerading.problems(
        with: MasqueradeRequest(attachment, sources), settings.masqueradeBackend)
    }
    let mac = result.interfaces.first { $0.name == name && $0.sandbox != nil }?.mac.flatMap { MACAddress($0) }
    if settings.checksMAC, let port, let mac {
      problems += try spoofing.verify(MACSpoofCheck(attachment.id, port: port, address: mac))
    }
    return problems
  }

  /// Throws the reason why this kernel could not have the rules that the configuration asks for.
  func probe(_ settings: BridgeSettings) throws(CNIError) {
    if settings.masquerades { try masquerading.masquerader(settings.masqueradeBackend).probe() }
    if settings.checksMAC { try spoofing.probe() }
  }
}
