// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The running firewalld, over the system bus. Changes last until firewalld ends or reloads.
package struct Firewalld: ~Copyable {
  private var bus: SystemBus

  private static let name = "org.fedoraproject.FirewallD1"

  /// Whether firewalld is on the bus; false if there is no bus.
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

  /// Connects to the bus, also if firewalld is not there; `patience` is the limit for each call, in milliseconds.
  package static func connect(
    bus address: String? = SystemBus.addressVariable, patience: Int32 = SystemBus.patience
  ) throws(FirewalldError) -> Firewalld {
    do {
      return Firewalld(bus: try .connect(to: address, patience: patience))
    } catch {
      throw .failed(error)
    }
  }

  /// Adds an address without a prefix length to a zone; returns whether it was not there before.
  @discardableResult
  package mutating func addSource(zone: String, address: String) throws(FirewalldError) -> Bool {
    let source = Self.source(address)
    let reply = try call(
      "addSource", zone, source, "add \(source) to firewalld's zone \(zone)",
      unless: ["ZONE_ALREADY_SET", "ALREADY_ENABLED"])
    return reply != nil
  }

  /// Removes an address from a zone; does nothing if it is in none.
  package mutating func removeSource(zone: String, address: String) throws(FirewalldError) {
    let source = Self.source(address)
    _ = try call(
      "removeSource", zone, source, "remove \(source) from firewalld's zone \(zone)",
      unless: ["UNKNOWN_SOURCE", "NOT_ENABLED"])
  }

  /// Whether an address is in a zone; firewalld compares text, so the address must be spelled as it was added.
  package mutating func querySource(zone: String, address: String) throws(FirewalldError) -> Bool {
    let source = Self.source(address)
    let action = "look for \(source) in firewalld's zone \(zone)"
    guard case .boolean(let answer) = try call("querySource", zone, source, action) else {
      throw .failed(.violation(action: action, reason: "the answer is no boolean"))
    }
    return answer
  }

  /// The source in the spelling of upstream's firewall, so that both find each other's sources.
  private static func source(_ address: String) -> String { "\(address)/\(address.contains(":") ? 128 : 32)" }

  /// Calls a method of the zone interface; nil if it failed with one of the `harmless` error codes.
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

  /// The error code, with which firewalld begins the text: `INVALID_ZONE: nowhere`.
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

/// The failure of a request to firewalld.
package enum FirewalldError: Error, Equatable, CustomStringConvertible {
  /// firewalld is not on the bus.
  case notRunning(DBusError)
  /// firewalld has no zone of this name.
  case invalidZone(DBusError)
  /// The address is in another zone than the named one.
  case otherZone(DBusError)
  case failed(DBusError)

  package var description: String {
    switch self {
    case .notRunning(let cause), .invalidZone(let cause), .otherZone(let cause), .failed(let cause): "\(cause)"
    }
  }
}
