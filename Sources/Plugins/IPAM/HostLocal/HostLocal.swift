// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Skel

/// Gives containers addresses out of ranges, and keeps on this host which are taken.
package struct HostLocal: Plugin {
  package let name = "host-local"
  private let host: Host

  /// `bootID` is the file with the boot's ID, and `results` libcni's folder of results.
  package init(
    bootID: String = "/proc/sys/kernel/random/boot_id", results: String = "/var/lib/cni/results"
  ) {
    host = Host(bootIDFile: bootID, resultsFolder: results)
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let options = try HostLocalOptions(request.config, try CNIArguments(request.arguments))
    var dns = NetworkResult.DNS()
    // Before anything is reserved, as it may fail.
    if let path = options.resolvConf { dns = try ResolvConf.read(path) }
    let folder = try ReservationFolder.make(options.folder, request.config.name, host)
    let addresses = try folder.reserve(options.sets, options.requested, for: Owner(request.attachment.id))
    return NetworkResult(ips: addresses, routes: options.routes, dns: dns)
  }

  package func delete(_ request: Request) throws(CNIError) {
    try existing(request.config)?.release(Owner(request.attachment.id))
  }

  package func check(_ request: Request) throws(CNIError) {
    let owner = Owner(request.attachment.id)
    if try existing(request.config)?.hasReservation(owner) != true {
      let folder = HostLocalOptions.folder(lenient: request.config)
      throw CNIError(.checkFailed, "\(request.attachment) has no reserved address in \(folder)")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let start = FileTime.now()
    try existing(request.config)?.removeAll(sparing: valid, since: start)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    // What comes as a capability is not there in STATUS.
    let isLater = ((try? request.config.document["capabilities"]["ipRanges"].bool()) ?? nil) ?? false
    let options = try HostLocalOptions(request.config, CNIArguments(lenient: ""), needsRanges: !isLater)
    do throws(CNIError) {
      try reporting(ReservationFolder.purpose) { () throws(SystemError) in
        try Folder.check(resolvedPath(options.folder) ?? options.folder)
      }
      if let path = options.resolvConf { _ = try ResolvConf.read(path) }
      try existing(request.config)?.requireFreeAddress(options.sets)
    } catch {
      throw error.recoded(.notAvailable)
    }
  }

  /// The folder of the network; nil if there is none.
  private func existing(_ config: NetworkConfig) throws(CNIError) -> ReservationFolder? {
    try ReservationFolder.open(HostLocalOptions.folder(lenient: config), config.name, host)
  }
}
