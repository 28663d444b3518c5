// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Skel

/// A plugin that writes down how it is called, and passes the result through.
final class RecordingPlugin: Plugin {
  let name = "recording"
  /// The verbs, in their order.
  private(set) var calls: [Verb] = []
  private(set) var requests: [Request] = []
  private(set) var config: NetworkConfig?
  private(set) var spared: Set<AttachmentID>?
  /// What every call throws; nil if it succeeds.
  let failure: CNIError?
  /// What DEL throws besides; nil if it succeeds.
  private let undoFailure: CNIError?
  /// What ADD returns; nil for the result of the plugins before.
  private let result: NetworkResult?

  init(failure: CNIError? = nil, undoFailure: CNIError? = nil, result: NetworkResult? = nil) {
    self.failure = failure
    self.undoFailure = undoFailure
    self.result = result
  }

  func add(_ request: Request) throws(CNIError) -> NetworkResult {
    try record(.add, request)
    if let result { return result }
    guard let result = try request.config.previousResult() else { throw CNIError(.invalidConfiguration, "no result") }
    return result
  }

  func delete(_ request: Request) throws(CNIError) {
    try record(.delete, request)
    if let undoFailure { throw undoFailure }
  }

  func check(_ request: Request) throws(CNIError) { try record(.check, request) }

  func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    spared = valid
    try record(.collectGarbage, request.config)
  }

  func status(_ request: NetworkRequest) throws(CNIError) { try record(.status, request.config) }

  private func record(_ verb: Verb, _ request: Request) throws(CNIError) {
    requests.append(request)
    try record(verb, request.config)
  }

  private func record(_ verb: Verb, _ config: NetworkConfig) throws(CNIError) {
    calls.append(verb)
    self.config = config
    if let failure { throw failure }
  }
}

extension Call {
  func answer(_ plugin: RecordingPlugin) -> Answer { answer { _ in plugin } }
}
