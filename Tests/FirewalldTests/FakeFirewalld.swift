// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Synchronization

/// firewalld on a bus of its own: it has zones in memory, and writes down what it is asked.
final class FakeFirewalld {
  private let log: Log
  private let bus: FakeBus

  var address: String { bus.address }
  /// What was asked of it, and of the record, in order.
  var calls: [String] { log.state.withLock { $0.calls } }
  var zones: [String: Set<String>] { log.state.withLock { $0.zones } }

  /// `refusals` are texts of errors by calls, such as `addSource trusted 10.22.0.5/32`.
  init(zones: [String: Set<String>] = [:], refusals: [String: String] = [:], isRunning: Bool = true) throws {
    let log = Log(zones, refusals, isRunning: isRunning)
    self.log = log
    bus = try FakeBus { connection in
      try connection.welcome()
      while let message = try? connection.message() { try connection.send(log.answer(message).bytes) }
    }
  }

  func note(_ call: String) { log.state.withLock { $0.calls.append(call) } }

  private final class Log: Sendable {
    struct State {
      var zones: [String: Set<String>]
      var calls: [String] = []
    }

    let state: Mutex<State>
    private let refusals: [String: String]
    private let isRunning: Bool

    init(_ zones: [String: Set<String>], _ refusals: [String: String], isRunning: Bool) {
      state = Mutex(State(zones: zones))
      self.refusals = refusals
      self.isRunning = isRunning
    }

    /// The answer to a call, as firewalld gives it.
    func answer(_ message: [UInt8]) -> Letter {
      let serial = UInt32(message[8]) | UInt32(message[9]) << 8
      let text = String(decoding: message, as: UTF8.self)
      let methods = ["addSource", "removeSource", "querySource"]
      guard let method = methods.first(where: { text.contains("\0\($0)\0") }) else {
        return .boolean(isRunning ? 1 : 0, answers: serial)
      }
      let words = Self.strings(message)
      let call = "\(method) \(words[0]) \(words[1])"
      func refusal(_ text: String) -> Letter {
        .error("org.fedoraproject.FirewallD1.Exception", text, answers: serial)
      }
      return state.withLock { state in
        state.calls.append(call)
        if !isRunning { return .error("org.freedesktop.DBus.Error.NameHasNoOwner", "nobody", answers: serial) }
        if let text = refusals[call] { return refusal(text) }
        let isThere = state.zones[words[0]]?.contains(words[1]) ?? false
        switch method {
        case "addSource":
          if isThere { return refusal("ZONE_ALREADY_SET: \(words[1])") }
          state.zones[words[0], default: []].insert(words[1])
        case "removeSource":
          if !isThere { return refusal("UNKNOWN_SOURCE: \(words[1])") }
          state.zones[words[0]]?.remove(words[1])
        default: return .boolean(isThere ? 1 : 0, answers: serial)
        }
        return .string(words[0], answers: serial)
      }
    }

    /// The two strings of a call's body.
    private static func strings(_ message: [UInt8]) -> [String] {
      var rest = message.suffix(Int(message[4]))
      var strings: [String] = []
      while let length = rest.first, rest.count > 4 {
        strings.append(String(decoding: rest.dropFirst(4).prefix(Int(length)), as: UTF8.self))
        rest = rest.dropFirst((4 + Int(length) + 1 + 3) & ~3)
      }
      return strings
    }
  }
}

/// A record of attachments that writes down what it is told, into the calls of a firewalld.
final class RecordingOwners: AttachmentRecorder {
  private let firewalld: FakeFirewalld?
  private(set) var applied: [ForwardFilterRequest] = []
  private(set) var verified: [ForwardFilterRequest] = []
  private(set) var undone = 0

  /// What every operation throws; nil if it succeeds.
  var failure: CNIError?
  var takeovers: [Takeover] = []
  var problems: [String] = []
  /// What every attachment is recorded with.
  var owned: [ForwardAccept] = []

  init(_ firewalld: FakeFirewalld? = nil) { self.firewalld = firewalld }

  private func note(_ call: String) throws(CNIError) {
    firewalld?.note(call)
    if let failure { throw failure }
  }

  func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange {
    applied.append(request)
    try note("apply")
    return AppliedChange(takeovers: takeovers) { self.undone += 1 }
  }

  func verify(_ request: ForwardFilterRequest) throws(CNIError) -> [String] {
    verified.append(request)
    try note("verify")
    return problems
  }

  func remove(_ hint: ForwardFilterRequest) throws(CNIError) { try note("remove") }

  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    try body(owned)
    try note("removeAll")
  }

  func record(
    _ hint: ForwardFilterRequest, orBy better: () -> ForwardFilterRequest?
  ) throws(CNIError) -> AttachmentRecord? {
    try note("record")
    return AttachmentRecord(accepts: owned)
  }

  func hasAccepts() throws(CNIError) -> Bool {
    try note("hasAccepts")
    return !owned.isEmpty
  }

  func hasRules(of attachment: CNI.Attachment) throws(CNIError) -> Bool {
    try note("hasRules")
    return !owned.isEmpty
  }

  func probe() throws(CNIError) { try note("probe") }
}
