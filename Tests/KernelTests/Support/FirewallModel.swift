// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// A model of the tables of iptables after calls of our firewall and of upstream's in any order.
///
/// Its rules follow from the rules that upstream writes and removes, and from what our record can know:
///
/// 1. An address is accepted by exactly one pair of rules, or by none. Every ADD, ours or upstream's, gives each address of its result
///    a pair.
/// 2. Our ADD records the container as the owner of its addresses, also of those that another container had: an address has one owner.
///    Recorded addresses of the container that the new result lacks lose their pair and their owner.
/// 3. Our DEL takes the pair from each address of the container's record, and from each address of prevResult that has no
///    owner: upstream has added it. An address that is recorded for another container keeps its pair, because that one came later.
/// 4. Upstream's DEL takes the pair from each address of prevResult, whoever owns it. The record does not learn of it, and so the
///    address keeps its owner until our ADD gives it another one, or our DEL or GC removes the owner.
/// 5. Our GC treats each recorded container of the network that is not in the list as our DEL does by rule 3.
/// 6. Our CHECK passes if each address of prevResult is accepted and the isolation of the policy is there, also if upstream has added the
///    container; it changes nothing. If an address is recorded for another container, or the container is recorded with other options
///    because a later ADD was upstream's, it may pass or fail.
/// 7. The isolation of a bridge stays while a running container that upstream has added there is accepted with an address of its
///    own. Two running containers with one address cannot both be reached, and only the one that we have recorded counts.
struct FirewallModel {
  enum Policy: String {
    case open
    case sameBridge = "same-bridge"
    case isolated
  }

  /// The input of an ADD.
  struct Addition: Equatable {
    let addresses: [IPAddress]
    let policy: Policy
  }

  /// The network and the bridge of each container, by its number.
  let places: [(network: String, bridge: String)]
  /// The last ADD of each container.
  private(set) var last: [Int: Addition] = [:]
  /// The running containers, each of which has a port of its bridge.
  private(set) var live: Set<Int> = []
  private(set) var accepted: Set<IPAddress> = []
  private var owners: [IPAddress: Int] = [:]
  /// The records of our ADDs that neither our DEL nor our GC has removed.
  private var records: [Int: Addition] = [:]
  /// The families in which running containers have been accepted with an address of their own since their ADD: without one it
  /// cannot be told that upstream has added them.
  private var served: [Int: Set<AddressFamily>] = [:]
  var isolation = IsolationModel()

  init(places: [(network: String, bridge: String)]) { self.places = places }

  // MARK: - Calls

  mutating func add(_ number: Int, _ addition: Addition, byUs: Bool) {
    if byUs {
      for address in recorded(number) where !addition.addresses.contains(address) { free(address) }
      for address in addition.addresses { owners[address] = number }
      records[number] = addition
    }
    accepted.formUnion(addition.addresses)
    last[number] = addition
    live.insert(number)
    served[number] = Set(addition.addresses.map(\.family))
    settle()
    isolation.allow(addition.policy, on: places[number].bridge, mayVanish: byUs)
  }

  mutating func delete(_ number: Int, byUs: Bool, prevResult: Bool) {
    let told = prevResult ? last[number]?.addresses ?? [] : []
    if byUs {
      forget(number)
      for address in told where owners[address] == nil { accepted.remove(address) }
    } else {
      accepted.subtract(told)
    }
    live.remove(number)
    settle()
    isolation.allow(.open, on: places[number].bridge, mayVanish: byUs)
  }

  mutating func collectGarbage(_ network: String) {
    for number in places.indices where places[number].network == network && !live.contains(number) { forget(number) }
    settle()
    isolation.allow(.open, on: places[0].bridge, mayVanish: true)
  }

  /// The container's interface is gone without a DEL.
  mutating func vanish(_ number: Int) {
    live.remove(number)
    isolation.allow(.open, on: places[number].bridge, mayVanish: false)
  }

  mutating func check() { isolation.allow(.open, on: places[0].bridge, mayVanish: false) }

  private func recorded(_ number: Int) -> [IPAddress] { owners.filter { $0.value == number }.map(\.key) }

  private mutating func free(_ address: IPAddress) {
    owners[address] = nil
    accepted.remove(address)
  }

  private mutating func forget(_ number: Int) {
    recorded(number).forEach { free($0) }
    records[number] = nil
  }

  private mutating func settle() {
    for number in live {
      let own = (last[number]?.addresses ?? []).filter { accepted.contains($0) && !isRecorded($0, besides: number) }
      served[number]?.formIntersection(own.map(\.family))
    }
  }

  /// Whether an address is recorded for another container that runs.
  private func isRecorded(_ address: IPAddress, besides number: Int) -> Bool {
    guard let owner = owners[address], owner != number else { return false }
    return live.contains(owner)
  }

  // MARK: - The expected state

  /// Whether CHECK of a running container must pass; nil if it may pass or fail.
  func passesCheck(_ number: Int) -> Bool? {
    guard let addition = last[number] else { return false }
    if addition.addresses.contains(where: { !accepted.contains($0) }) { return false }
    if addition.addresses.contains(where: { owners[$0] ?? number != number }) { return nil }
    return records[number].map { $0 == addition } ?? true ? true : nil
  }

  /// The isolation rules that must be there: those of each running container.
  var wantedIsolation: Set<IsolationModel.Rule> {
    var wanted: Set<IsolationModel.Rule> = []
    for number in live {
      // The record of a container counts, because it does not learn of a later ADD of upstream's.
      guard let addition = last[number], addition.policy == records[number]?.policy ?? addition.policy else { continue }
      for family in served[number] ?? [] {
        for scope in IsolationModel.scopes(addition.policy) {
          wanted.insert(IsolationModel.Rule(family: family, bridge: places[number].bridge, scope: scope))
        }
      }
    }
    return wanted
  }

  /// The bridges without ports and without records: after our GC they must not be isolated.
  var freeBridges: Set<String> {
    let used = live.union(records.filter { $0.value.policy != .open }.keys).map { places[$0].bridge }
    return Set(places.map(\.bridge)).subtracting(used)
  }
}
