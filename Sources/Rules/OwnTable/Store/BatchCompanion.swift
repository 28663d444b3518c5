// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

/// Rules in the tables of iptables that follow the records in our own table. Those in nf_tables are changed by the batch that
/// changes the record.
package protocol BatchCompanion: AnyObject {
  /// The tables of nf_tables that its rules can be in: it need not look at those that are missing.
  var tables: [Table] { get }
  /// The messages that make the rules follow a change of the record, computed anew for each attempt. For a removal this also
  /// removes the rules in legacy tables, before the record, as there is no later step. Throws an error that another attempt may
  /// not meet, and returns one that it would.
  func messages(for change: RecordChange) throws(NetlinkError) -> Result<[NetlinkMessage], CNIError>
  /// Called when the batch was refused: rules that were found before may be gone.
  func batchFailed(_ error: NetlinkError)
  /// Called when an ADD has changed the record, or was undone: now the rules in legacy tables are changed.
  func recordChanged(_ change: RecordChange) throws(CNIError)
}
