// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A call of a plugin that has ended, for logs and metrics.
public struct CallEvent: Sendable {
  /// The network's name; empty for VERSION.
  public let network: String
  /// The attachment; nil for GC, STATUS and VERSION.
  public let attachment: AttachmentID?
  /// The plugin's type.
  public let plugin: String
  /// What it was called for.
  public let verb: Verb
  /// Whether it undoes an ADD that failed.
  public let isRollback: Bool
  /// How long the call took.
  public let duration: Duration
  /// What the plugin wrote to stderr.
  public let diagnostics: [UInt8]
  /// Why the call failed; nil if it succeeded.
  public let failure: RuntimeError?

  /// Describes a call, as for a test of what is told of calls.
  public init(
    network: String, attachment: AttachmentID? = nil, plugin: String, verb: Verb, isRollback: Bool = false,
    duration: Duration, diagnostics: [UInt8] = [], failure: RuntimeError? = nil
  ) {
    self.network = network
    self.attachment = attachment
    self.plugin = plugin
    self.verb = verb
    self.isRollback = isRollback
    self.duration = duration
    self.diagnostics = diagnostics
    self.failure = failure
  }
}

/// The span that the caller traces the operation in (W3C Trace Context), which plugins get in their environment.
public struct TraceContext: Hashable, Sendable {
  /// `TRACEPARENT`: version, trace ID, parent ID and flags.
  public var parent: String
  /// `TRACESTATE`; nil for none.
  public var state: String?
  /// `BAGGAGE`; nil for none.
  public var baggage: String?

  /// Names a span.
  public init(parent: String, state: String? = nil, baggage: String? = nil) {
    self.parent = parent
    self.state = state
    self.baggage = baggage
  }

  var environment: [String: String] {
    var variables = ["TRACEPARENT": parent]
    variables["TRACESTATE"] = state
    variables["BAGGAGE"] = baggage
    return variables
  }
}
