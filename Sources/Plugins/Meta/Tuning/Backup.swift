// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// What an attachment's interface was like before it was tuned: of each setting the first value that was seen.
struct Backup: Equatable, Sendable {
  var link = LinkAttributes()
  /// By the path below `/proc/sys`.
  var parameters: ParameterValues = [:]
  var features: [String: Bool] = [:]
  /// For CHECK: the parameters that the kernel reads back as another text.
  var respelled: [RespelledValue] = []
  /// The owner's network; nil in upstream's files.
  var network: String?

  /// Replaces what an older backup holds by its values.
  mutating func keep(first older: Backup) {
    let newer = self
    self = older
    network = older.network ?? newer.network
    link.fill(from: newer.link)
    parameters.fill(from: newer.parameters)
    features.merge(newer.features) { old, _ in old }
    // Of these the newer counts, as it is about the value that is set now.
    respelled.removeAll { old in newer.respelled.contains { $0.path == old.path } }
    respelled += newer.respelled
  }
}

/// A parameter that the kernel reads back as another text than was written: it rounds times to ticks of its clock, and spells
/// addresses in its own way.
struct RespelledValue: Equatable, Sendable {
  /// Below `/proc/sys`.
  let path: String
  let asked: String
  let told: String
}
