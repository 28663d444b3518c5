// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// What an attachment's interface was like before it was tuned: of each setting the first value that was seen.
struct Backup: Equatable, Sendable {
  var link = LinkAttributes()
  /// By the path below `/proc/sys`.
  var parameters: ParameterValues = [:]
  var features: [String: Bool] = [:]
  /// What CHECK needs to know of values that were set.
  var respelled: [RespelledValue] = []
  /// The owner's network; nil in upstream's files.
  var network: String?

  /// Keeps what is known and adds what is new.
  mutating func keep(first older: Backup) {
    let newer = self
    self = older
    network = older.network ?? newer.network
    link.fill(from: newer.link)
    parameters.fill(from: newer.parameters)
    features.merge(newer.features) { old, _ in old }
    // Of these the newest counts, as it is about the value that is set now.
    respelled.removeAll { old in newer.respelled.contains { $0.path == old.path } }
    respelled += newer.respelled
  }
}

/// A value of a kernel parameter that the kernel tells otherwise than it was written: it rounds times to its clock's ticks, and has a
/// spelling of its own for addresses.
struct RespelledValue: Equatable, Sendable {
  /// Below `/proc/sys`.
  let path: String
  let asked: String
  let told: String
}
