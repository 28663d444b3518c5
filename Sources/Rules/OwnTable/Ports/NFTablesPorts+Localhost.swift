// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import NFTables
import Netlink
import Rules

/// Elements about this host's interfaces and addresses, which no attachment owns.
extension NFTablesPorts {
  package func guardLocalhost(on interface: String) throws(CNIError) {
    let element = Self.guarded(interface)
    try ElementStore.transaction("guard 127.0.0.0/8 on \(interface)") {
      (session) throws(NetlinkError) -> Result<Void, CNIError> in
      if let stored = try session.read(elements: [element.id]).elements[element.id] {
        if !stored.stays { throw .expiring }
        return .success(())
      }
      try session.commit(Self.sets([Feature.guardedInterfaces]) + Table.own.add([element], exclusively: true))
      return .success(())
    }
  }

  package func guardedInterfaces() throws(CNIError) -> [String] {
    try ElementStore.query("list the guarded interfaces", otherwise: []) { () throws(NetlinkError) -> [String] in
      let stored = try Session.own().elements(of: Feature.guardedInterfaces.name).filter(\.stays)
      return stored.map { $0.element.id.key.prefix(16).text }
    }
  }

  package func endGuard(
    of interface: String, unlessReached isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool {
    // The element expires if possible: after a deletion the next change would wait until the kernel has freed the element.
    var deletes = store.expiry == 0
    return try ElementStore.transaction("end the guard of 127.0.0.0/8 on \(interface)") {
      (session) throws(NetlinkError) -> Result<Bool, CNIError> in
      let element = Self.guarded(interface)
      let snapshot = try session.read(elements: [element.id])
      if try Self.isReachedFromLocalhost(asking: session, where: isBehind) { return .success(false) }
      guard let stored = snapshot.elements[element.id], stored.stays else { return .success(true) }
      let end =
        deletes ? Table.own.delete([element]) : Table.own.add([element], exclusively: false, timeout: self.store.expiry)
      try session.commit(end, generation: snapshot.generation)
      // A kernel that cannot change an element's timeout ignores the new one without an error.
      if deletes { return .success(true) }
      deletes = try session.stays(element.id)
      if deletes { throw .expiring }
      return .success(true)
    }
  }

  package func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool {
    try ElementStore.query("look for containers that localhost reaches", otherwise: false) {
      () throws(NetlinkError) -> Bool in
      try Self.isReachedFromLocalhost(where: isBehind)
    }
  }

  package func isGuardNeeded(
    on interface: String, where isBehind: (IPAddress) -> Bool
  ) throws(CNIError) -> Bool? {
    try ElementStore.query("look for the guard of 127.0.0.0/8 on \(interface)", otherwise: nil) {
      () throws(NetlinkError) -> Bool? in
      let session = try Session.own()
      if try !session.stays(Self.guarded(interface).id) { return nil }
      return try Self.isReachedFromLocalhost(asking: session, where: isBehind)
    }
  }

  package func spare(_ addresses: [IPAddress]) throws(CNIError) {
    try ElementStore.transaction("exempt the addresses of services") { (session) throws(NetlinkError) in
      let generation = try session.generation()
      var messages: [NetlinkMessage] = []
      for family in AddressFamily.allCases {
        let set = Feature.services(family)
        let wanted = ElementIDs(
          addresses.filter { $0.family == family }.map { Element.ID(set: set.name, key: $0.bytes) })
        let stored = ElementIDs(try session.elements(of: set.name).map(\.element.id))
        let (gone, new) = (stored.subtracting(wanted), wanted.subtracting(stored))
        messages += Table.own.delete(gone.list.map { Element($0, comment: nil) })
        if !new.list.isEmpty {
          messages += Self.sets([set]) + Table.own.add(new.list.map { Element($0, comment: nil) }, exclusively: false)
        }
      }
      if !messages.isEmpty { try session.commit(messages, generation: generation) }
      return .success(())
    }
  }

  /// Always returns false: the guard is replaced when the table is rebuilt, see `inheritedGuards`.
  package func replaceFormerGuard(by open: () throws(CNIError) -> [String]) -> Bool { false }

  /// Former versions guarded all interfaces. The interfaces that lead to their containers which localhost reaches stay guarded.
  static func inheritedGuards(
    _ snapshot: Session.Snapshot, _ session: borrowing Session
  ) throws(NetlinkError) -> [NetlinkMessage] {
    guard
      snapshot.chains.contains(where: { $0.name == Feature.guarding }),
      try session.read(sets: [Feature.guardedInterfaces.name], elements: []).sets.isEmpty
    else { return [] }
    var containers: [IPAddress] = []
    _ = try isReachedFromLocalhost { address in
      if !containers.contains(address) { containers.append(address) }
      return false
    }
    let routes = try RouteSocket.open()
    var names: [String] = []
    for container in containers {
      // A container without a route cannot be reached, and its interface needs no guard.
      guard let route = try? routes.lookUpRoute(to: container), let name = try? routes.linkName(route.interface) else {
        continue
      }
      if !names.contains(name) { names.append(name) }
    }
    return Self.sets([Feature.guardedInterfaces]) + Table.own.add(names.map { Self.guarded($0) }, exclusively: false)
  }

  private static func guarded(_ interface: String) -> Element {
    let name = Array(interface.utf8.prefix(15))
    let key = name + [UInt8](repeating: 0, count: DataType.interfaceName.length - name.count)
    return Element(Feature.guardedInterfaces.name, key: key + key, comment: nil)
  }

  /// Makes sets, and the table, unless they are there.
  private static func sets(_ sets: [NamedSet]) -> [NetlinkMessage] {
    [Table.own.create()] + sets.map { Table.own.create($0) }
  }

  /// Whether connections from localhost lead to a container whose address satisfies `isBehind`.
  private static func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(NetlinkError) -> Bool {
    try isReachedFromLocalhost(asking: try Session.own(), where: isBehind)
  }

  private static func isReachedFromLocalhost(
    asking session: borrowing Session, where isBehind: (IPAddress) -> Bool
  ) throws(NetlinkError) -> Bool {
    // Connections from localhost are masqueraded by an element for 127.0.0.0/8, or by one for 0.0.0.0/0.
    for length in [Prefix.loopback4.length, 0] {
      let isFound = try session.hasElement(in: OnDemandChain.masqueradeName(.ip, length)) { element in
        IPAddress(bytes: Array(element.id.key.prefix(4))).map(isBehind) ?? false
      }
      if isFound { return true }
    }
    return false
  }
}
