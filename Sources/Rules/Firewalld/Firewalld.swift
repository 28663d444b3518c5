// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// firewalld as it runs, over the system bus. What is changed lasts until firewalld ends, or is told to reload.
package struct Firewalld: ~Copyable {
  private var bus: SystemBus

  private static let name = "org.fedoraproject.FirewallD1"

  /// Whether firewalld is on the bus; false also where there is no bus.
  package static func isRunning(
    bus address: String? = SystemBus.addressVariable, patience: Int32 = SystemBus.patience
  ) throws(DBusError) -> Bool {
    do {
      var bus = try SystemBus.connect(to: address, patience: patience)
      return try bus.hasOwner(name)
    } catch {
      if case .noBus = error { return false }
      throw error
    }
  }

  /// Connects to the bus, whether firewalld is there or not; each call may take so many milliseconds.
  package static func connect(
    bus address: String? = SystemBus.addressVariable, patience: Int32 = SystemBus.patience
  ) throws(FirewalldError) -> Firewalld {
    do {
      return Firewalld(bus: try .connect(to: address, patience: patience))
    } catch {
      throw .failed(error)
    }
  }

  /// Puts packets from an address, given without a length, into a zone; returns whether they were not there already.
  @discardableResult
  package mutating func addSource(zone: String, address: String) throws(FirewalldError) -> Bool {
    let source = Self.source(address)
    let reply = try call(
      "addSource", zone, source, "add \(source) to firewalld's zone \(zone)",
      unless: ["ZONE_ALREADY_SET", "ALREADY_ENABLED"])
    return reply != nil
  }

  /// Takes packets from an address out of a zone, if they are in any.
  package mutating func removeSource(zone: String, address: String) throws(FirewalldError) {
    let source = Self.source(address)
    _ = try call(
      "removeSource", zone, source, "remove \(source) from firewalld's zone \(zone)",
      unless: ["UNKNOWN_SOURCE", "NOT_ENABLED"])
  }

  /// Whether packets from an address are in a zone; firewalld compares texts, so it must be spelled as it was added.
  package mutating func querySource(zone: String, address: String) throws(FirewalldError) -> Bool {
    let source = Self.source(address)
    let action = "look for \(source) in firewalld's zone \(zone)"
    guard case .boolean(let answer) = try call("querySource", zone, source, action) else {
      throw .failed(.violation(action: action, reason: "the answer is no boolean"))
    }
    return answer
  }

  /// A host as firewalld is told of it by the plugins of the CNI project, which therefore find it too.
  private static func source(_ address: String) -> String { "\(address)/\(address.contains(":") ? 128 : 32)" }

  /// Calls a method for zones; nil if it failed for one of the harmless reasons.
  private mutating func call(
    _ method: String, _ zone: String, _ source: String, _ action: String, unless harmless: [String] = []
  ) throws(FirewalldError) -> Reply? {
    let call = MethodCall(
      destination: Self.name, path: "/org/fedoraproject/FirewallD1", interface: "\(Self.name).zone", member: method,
      arguments: [zone, source])
    do {
      return try bus.call(call, to: action)
    } catch {
      if case .remote(_, _, let text) = error, harmless.contains(Self.code(text)) { return nil }
      throw Self.error(error)
    }
  }

  /// firewalld begins the text of an error with a name for it: `INVALID_ZONE: nowhere`.
  private static func code(_ text: String) -> String { String(text.prefix { $0 != ":" }) }

  private static func error(_ error: DBusError) -> FirewalldError {
    guard case .remote(_, let name, let text) = error else { return .failed(error) }
    switch (name, code(text)) {
    case ("org.freedesktop.DBus.Error.NameHasNoOwner", _), ("org.freedesktop.DBus.Error.ServiceUnknown", _):
      return .notRunning(error)
    case (_, "INVALID_ZONE"): return .invalidZone(error)
    case (_, "ZONE_CONFLICT"): return .otherZone(error)
    default: return .failed(error)
    }
  }
}

/// Why firewalld did not do what it was asked for.
package enum FirewalldError: Error, Equatable, CustomStringConvertible {
  /// firewalld is not on the bus.
  case notRunning(DBusError)
  /// firewalld has no zone of this name.
  case invalidZone(DBusError)
  /// The address is in another zone than the one that was named.
  case otherZone(DBusError)
  case failed(DBusError)

  package var description: String {
    switch self {
    case .notRunning(let cause), .invalidZone(let cause), .otherZone(let cause), .failed(let cause): "\(cause)"
    }
  }
}
