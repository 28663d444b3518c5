// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNIRuntime
import JSON
import OS

/// A network that a container is to be attached to, and how.
package struct PlannedAttachment: Sendable {
  package let network: NetworkList
  package var attachment: Attachment
  /// What was requested, and must be in the result.
  package var requestedAddresses: [IPAddress] = []
  package var requestedMAC: MACAddress?
  /// The host's addresses that ports are published on: the container needs an address of the same family.
  package var publishedAddresses: [IPAddress] = []
  /// The process that the namespace's path names, by its ID and its start (`startTime(ofProcess:)`): when it has ended, the path can lead
  /// to the namespace of another one. Nil where the path is of another form.
  package var process: StartedProcess?

  /// A process that is told from a later one with its ID.
  package struct StartedProcess: Equatable, Sendable {
    package let id: Int32
    package let start: Int
  }

  package init(_ network: NetworkList, _ attachment: Attachment) {
    self.network = network
    self.attachment = attachment
  }

  /// What to delete: without the namespace if the process has ended, so that a DEL would remove what others own.
  package var forDeletion: Attachment {
    var attachment = attachment
    if let process, startTime(ofProcess: Int(process.id)) != process.start { attachment.namespace = nil }
    return attachment
  }

  /// Throws unless the result has what was requested: plugins that do not know a capability or an argument pass over it.
  package func requireRequests(in result: AttachmentResult) throws(ToolFailure) {
    let addresses = result.addresses.compactMap { Prefix($0.address)?.address }
    for wanted in requestedAddresses where !addresses.contains(wanted) {
      let got = addresses.map { "\($0)" }.joined(separator: ", ")
      throw ToolFailure(
        "network \(network.name) has not given the address \(wanted), but \(got.isEmpty ? "none" : got)")
    }
    for wanted in publishedAddresses where !addresses.contains(where: { $0.family == wanted.family }) {
      throw ToolFailure(
        "--publish: a port cannot be published on \(wanted), as network \(network.name) has given no address of its family"
      )
    }
    guard let requestedMAC else { return }
    let found = result.interfaces.last { $0.name == attachment.interface }?.mac
    if let found, MACAddress(found) == requestedMAC { return }
    throw ToolFailure(
      "network \(network.name) has not given the hardware address \(requestedMAC), but \(found ?? "none")")
  }
}
