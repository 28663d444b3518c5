// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// A connection to the system's message bus, for calling methods of other programs. It implements the D-Bus protocol itself,
/// because libdbus would bring eight more libraries into a program that needs them on hardly any host.
package struct SystemBus: ~Copyable {
  private let socket: BusSocket
  private let patience: Int32
  /// Received bytes that were not decoded yet.
  private var received: [UInt8] = []
  private var serial: UInt32 = 0

  /// The variable by which libdbus finds the bus; nil for the standard address.
  package static var addressVariable: String? { Environment.process["DBUS_SYSTEM_BUS_ADDRESS"] }

  /// The default limit in milliseconds for connecting and for each call: both together take less than 10 s.
  package static let patience: Int32 = 4500

  private init(_ socket: consuming BusSocket, patience: Int32) {
    self.socket = socket
    self.patience = patience
  }

  /// Connects to the first bus in the list of addresses that grants access; `patience` is the limit in milliseconds for all of
  /// them.
  package static func connect(
    to list: String? = addressVariable, patience: Int32 = patience
  ) throws(DBusError) -> SystemBus {
    let list = list.flatMap { $0.isEmpty ? nil : $0 } ?? BusAddress.standard
    let deadline = Exchange("connect to \(list)", milliseconds: patience)
    var failure: DBusError?
    for address in BusAddress.list(list) {
      do {
        return try connect(to: address, deadline.renamed("connect to \(address)"), patience)
      } catch {
        // The error of an address without a bus matters less than that of a bus which cannot be used.
        if case .noBus = error, failure != nil { continue }
        failure = error
      }
    }
    throw failure
      ?? .refused(action: "connect to \(list)", reason: "there is no usable unix:path= or unix:abstract= in it")
  }

  private static func connect(
    to address: BusAddress, _ exchange: Exchange, _ patience: Int32
  ) throws(DBusError) -> SystemBus {
    var bus = SystemBus(try .connect(to: address, exchange), patience: patience)
    try bus.authenticate(exchange)
    _ = try bus.reply(to: busMethod("Hello"), exchange)
    return bus
  }

  /// Calls a method and returns its reply; `action` describes the purpose for errors. After a `violation` the connection is
  /// unusable.
  mutating func call(_ call: MethodCall, to action: String) throws(DBusError) -> Reply {
    try reply(to: call, Exchange(action, milliseconds: patience))
  }

  /// Whether a program on the bus owns the name.
  package mutating func hasOwner(_ name: String) throws(DBusError) -> Bool {
    let action = "ask the bus for \(name)"
    guard case .boolean(let answer) = try call(Self.busMethod("NameHasOwner", name), to: action) else {
      throw .violation(action: action, reason: "the answer is no boolean")
    }
    return answer
  }

  private static func busMethod(_ member: String, _ arguments: String...) -> MethodCall {
    MethodCall(
      destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus",
      member: member, arguments: arguments)
  }

  /// Tells the bus the user of this process, which the bus compares with the kernel's credentials ("Authentication Protocol").
  private mutating func authenticate(_ exchange: Exchange) throws(DBusError) {
    let digits = "\(geteuid())".utf8.map { String($0, radix: 16) }
    try socket.send([0] + Array("AUTH EXTERNAL \(joined(digits, by: ""))\r\n".utf8), exchange)
    while received.last != UInt8(ascii: "\n") {
      guard received.count < 1000 else { throw exchange.violation("the bus speaks no D-Bus") }
      received += try socket.receive(exchange)
    }
    let answer = String(decoding: received, as: UTF8.self)
    received = []
    if answer.hasPrefix("REJECTED") { throw .refused(action: exchange.action, reason: "the bus rejects this user") }
    guard answer.hasPrefix("OK ") else { throw exchange.violation("the bus speaks no D-Bus") }
    try socket.send(Array("BEGIN\r\n".utf8), exchange)
  }

  private mutating func reply(to call: MethodCall, _ exchange: Exchange) throws(DBusError) -> Reply {
    guard call.arguments.allSatisfy({ !$0.utf8.contains(0) && $0.utf8.count <= 10_000 }) else {
      throw exchange.violation("an argument is too long or has a NUL in it")
    }
    serial &+= 1
    try socket.send(call.bytes(serial: serial), exchange)
    while true {
      let message = try next(exchange)
      // Signals and late replies to former calls are skipped.
      if message.replySerial != serial { continue }
      switch try exchange.understand(message.answer) {
      case .reply(let reply): return reply
      case .error(let name, let text): throw .remote(action: exchange.action, name: name, text: text)
      case nil: continue
      }
    }
  }

  /// The next message, whatever it is.
  private mutating func next(_ exchange: Exchange) throws(DBusError) -> Message {
    while true {
      let bytes = received
      let length = try exchange.understand { () throws(Malformed) in try Message.length(bytes) }
      if let length, length <= bytes.count {
        received.removeFirst(length)
        return try exchange.understand { () throws(Malformed) in try Message(Array(bytes.prefix(length))) }
      }
      received += try socket.receive(exchange)
    }
  }
}
