// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPAM
import JSON

/// The configuration of the plugin, with `CNI_ARGS`, `args` and `runtimeConfig`.
struct HostLocalOptions: Sendable {
  let sets: [RangeSet]
  /// The address that is asked for of each set.
  let requested: [RequestedAddress?]
  let routes: [NetworkResult.Route]
  /// The path of a file like /etc/resolv.conf.
  let resolvConf: String?
  /// The folder of the network.
  let folder: String

  init(_ config: NetworkConfig, _ environment: CNIArguments, needsRanges: Bool = true) throws(CNIError) {
    let ipam = try config.ipam()
    sets = try reporting { () throws(FieldError) in try Self.sets(config, ipam) }
    if sets.isEmpty, needsRanges {
      throw CNIError(ipam["ranges"].expected("a list of range sets: there are no IP ranges specified"))
    }
    try config.requireRoom(for: sets.map(\.family), at: "ipam.ranges")
    let requests = try AddressRequests(config, environment, .addressOrPrefix, isList: false)
    requested = try Self.assign(requests.ofEnvironment + requests.ofArguments + requests.ofRuntime, to: sets)
    routes = try config.ipamRoutes()
    (resolvConf, folder) = try reporting { () throws(FieldError) in
      (try ipam["resolvConf"].absolutePath(), try Self.folder(config))
    }
  }

  /// Where reservations are kept, `dataDir/NETWORK`.
  static func folder(_ config: NetworkConfig) throws(FieldError) -> String {
    "\(try config.document["ipam"]["dataDir"].absolutePath() ?? usualDataDirectory)/\(config.name)"
  }

  /// The same for DEL and GC, which must work whatever the configuration says.
  static func folder(lenient config: NetworkConfig) -> String {
    (try? folder(config)) ?? "\(usualDataDirectory)/\(config.name)"
  }

  /// Upstream's folder, so that either plugin finds the other's reservations.
  private static let usualDataDirectory = "/var/lib/cni/networks"

  /// All sets: those of `runtimeConfig`, the one in `ipam` itself, and those of `ipam.ranges`. A set's number is its place here.
  private static func sets(_ config: NetworkConfig, _ ipam: Field) throws(FieldError) -> [RangeSet] {
    var sets: [RangeSet] = []
    for item in try config.runtimeConfig["ipRanges"].array() ?? [] { sets.append(try RangeSet(item)) }
    if try ipam["subnet"].string() != nil {
      sets.append(try RangeSet(single: ipam))
    } else if let stray = ["rangeStart", "rangeEnd"].first(where: { ipam[$0].isPresent }) {
      // Upstream ignores them, and then fails or takes addresses out of other ranges.
      throw FieldError(path: ipam[stray].path, reason: "needs ipam.subnet")
    }
    for item in try ipam["ranges"].array() ?? [] { sets.append(try RangeSet(item)) }
    for (index, set) in sets.enumerated() {
      if let other = sets[..<index].first(where: { $0.overlaps(set) }) {
        throw FieldError(path: set.path, reason: "range set \(set) overlaps with \(other) of \(other.path)")
      }
    }
    return sets
  }

  /// Gives each set the first of the wanted addresses that lies in it; throws if one is left over.
  private static func assign(
    _ wanted: [RequestedAddress], to sets: [RangeSet]
  ) throws(CNIError) -> [RequestedAddress?] {
    var left: [RequestedAddress] = []
    for request in wanted where !left.contains(where: { $0.address == request.address }) { left.append(request) }
    var assigned: [RequestedAddress?] = []
    for set in sets {
      guard let index = left.firstIndex(where: { set.range(of: $0.address) != nil }) else {
        assigned.append(nil)
        continue
      }
      let request = left.remove(at: index)
      if set.range(of: request.address)?.gateway == request.address {
        throw request.error("requested ip \(request.address) is subnet's gateway")
      }
      assigned.append(request)
    }
    if let first = left.first {
      let all = left.map { "\($0.address)" }.joined(separator: " ")
      let ranges = sets.map(\.description).joined(separator: " and ")
      let reason = "expected an address in one of the range sets, one in each (\(ranges))"
      throw first.error("failed to allocate all requested IPs: \(all): \(reason)")
    }
    return assigned
  }
}
