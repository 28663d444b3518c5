// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Skel

/// The rules that ptp has made: masquerading.
package struct PTPRules {
  private let masquerading: any MasqueradeBackends

  package init(masquerading: any MasqueradeBackends) { self.masquerading = masquerading }

  /// The masquerader that the configuration asks for, nil if for none. Throws if the host cannot have it.
  func masquerader(_ settings: PTPSettings) throws(CNIError) -> (any Masquerader)? {
    if !settings.masquerades { return nil }
    return try masquerading.masquerader(settings.masqueradeBackend)
  }

  /// Removes the rules of an attachment, whatever the configuration says now of whether there are any.
  func remove(_ attachment: Attachment, _ addresses: [Prefix]) throws(CNIError) {
    try masquerading.remove(MasqueradeHint(attachment, addresses))
  }

  /// What is missing of the rules that the configuration asks for.
  func problems(_ request: MasqueradeRequest, _ settings: PTPSettings) throws(CNIError) -> [String] {
    settings.masquerades ? try masquerading.problems(with: request, settings.masqueradeBackend) : []
  }

  /// Removes the rules of a network's attachments that are not valid.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try masquerading.removeAll(ofNetwork: network, sparing: valid)
  }
}
