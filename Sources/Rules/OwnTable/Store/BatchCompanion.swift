// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

/// Rules elsewhere that follow what our own table records: those of iptables' tables. What of them is in nf_tables goes into the
/// batch that changes the record.
package protocol BatchCompanion: AnyObject {
  /// The messages that make the rules follow a change of the record, computed anew for each attempt; a removal has no later
  /// step, so that what is in no nf_tables is removed here, before the record. Throws what may pass in another
  /// attempt, and returns an error that would come again.
  func messages(for change: RecordChange) throws(NetlinkError) -> Result<[NetlinkMessage], CNIError>
  /// The batch was refused: what was read before may be there no more.
  func batchFailed(_ error: NetlinkError)
  /// The record has been changed by an ADD, or an ADD has been undone: time for what is in no nf_tables.
  func recordChanged(_ change: RecordChange) throws(CNIError)
}
