// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Why an operation on a network failed.
///
/// Its description has libcni's words, so that what looks for them in a log still finds them.
public struct RuntimeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Equatable, Sendable {
    /// The plugin printed an error object.
    case refused(code: Int, message: String, details: String)
    /// The plugin failed without an error object, or could not be started.
    case failed(String)
    /// No folder has the plugin.
    case notFound(String)
    /// The plugin was ended because it took longer than this.
    case timedOut(Duration)
    /// The task was cancelled; a plugin that was running was ended.
    case cancelled
    /// The plugin succeeded and printed something else than a result.
    case invalidResult(String)
    /// The configuration's version does not have the verb, or a plugin does not speak the version.
    case unsupportedVersion(String)
    /// The container ID, the network's or interface's name, or an argument cannot be passed to plugins.
    case invalidAttachment(String)
    /// The cache of results could not be read or written.
    case cache(String)
    /// Another call for the same attachment did not end in time.
    case busy(String)
  }

  /// What went wrong.
  public var reason: Reason
  /// The plugin's type; nil if it is about none.
  public var plugin: String?
  /// What the plugin was called for; nil if it is about no call.
  public var verb: Verb?
  /// What was being done, such as `failed to GC plugin bridge`; may be empty.
  public var context: String
  /// Where an ADD was undone: what could not be undone.
  public var rollback: [RuntimeError]
  /// Where the operation went on after the first error: the ones after it.
  public var others: [RuntimeError]

  /// Makes an error.
  public init(
    _ reason: Reason, plugin: String? = nil, verb: Verb? = nil, context: String = "", rollback: [RuntimeError] = [],
    others: [RuntimeError] = []
  ) {
    self.reason = reason
    self.plugin = plugin
    self.verb = verb
    self.context = context
    self.rollback = rollback
    self.others = others
  }

  /// The code of the plugin's error object; nil if there is none.
  public var code: Int? {
    if case .refused(let code, _, _) = reason { code } else { nil }
  }

  /// The error itself, without what was being done: the plugin's `msg` with its `details`, or the library's own.
  public var message: String {
    switch reason {
    case .refused(_, let message, let details): details.isEmpty ? message : "\(message); \(details)"
    case .timedOut(let limit): "the plugin did not end within \(limit.formatted), and was ended"
    case .cancelled: "the call was cancelled"
    case .failed(let text), .notFound(let text), .invalidResult(let text), .unsupportedVersion(let text),
      .invalidAttachment(let text), .cache(let text), .busy(let text):
      text
    }
  }

  /// What was being done and why it failed; further errors and those of the roll-back in lines of their own.
  public var description: String {
    let first = context.isEmpty ? message : "\(context): \(message)"
    return ([first] + others.map(\.description) + rollback.map { "roll-back: \($0)" }).joined(separator: "\n")
  }

  /// One error of several, which are in the order in which they happened; nil if there is none.
  static func joining(_ errors: [RuntimeError]) -> RuntimeError? {
    guard var first = errors.first else { return nil }
    first.others += errors.dropFirst()
    return first
  }
}

extension Duration {
  /// In seconds, or below one in milliseconds, such as `1.5 s`.
  var formatted: String {
    if self < .seconds(1) { return "\(milliseconds) ms" }
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
