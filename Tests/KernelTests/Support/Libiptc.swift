// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CIPTC

/// The functions of libiptc for a family; each family has its own names and types, which are adapted to one form here.
struct Libiptc: Sendable {
  typealias Handle = OpaquePointer
  typealias Text = UnsafePointer<CChar>
  typealias Entry = UnsafeRawPointer

  let open: @Sendable (Text?) -> Handle?
  let free: @Sendable (Handle?) -> Void
  let commit: @Sendable (Handle?) -> Int32
  let isBuiltIn: @Sendable (Text?, Handle?) -> Int32
  let isChain: @Sendable (Text?, Handle?) -> Int32
  let firstChain: @Sendable (Handle?) -> Text?
  let nextChain: @Sendable (Handle?) -> Text?
  let makeChain: @Sendable (Text?, Handle?) -> Int32
  let flushChain: @Sendable (Text?, Handle?) -> Int32
  let removeChain: @Sendable (Text?, Handle?) -> Int32
  let references: @Sendable (UnsafeMutablePointer<UInt32>?, Text?, Handle?) -> Int32
  let policy: @Sendable (Text?, Handle?) -> Text?
  let firstRule: @Sendable (Text?, Handle?) -> Entry?
  let nextRule: @Sendable (Entry?, Handle?) -> Entry?
  let target: @Sendable (Entry?, Handle?) -> Text?
  let insert: @Sendable (Text?, Entry?, UInt32, Handle?) -> Int32
  let remove: @Sendable (Text?, UInt32, Handle?) -> Int32

  static func of(_ family: AddressFamily) -> Libiptc { family == .ip ? ip : ip6 }

  private static let ip = Libiptc(
    open: iptc_init, free: iptc_free, commit: iptc_commit, isBuiltIn: iptc_builtin, isChain: iptc_is_chain,
    firstChain: iptc_first_chain, nextChain: iptc_next_chain, makeChain: iptc_create_chain,
    flushChain: iptc_flush_entries, removeChain: iptc_delete_chain, references: iptc_get_references,
    policy: { chain, table in
      var counters = xt_counters()
      return iptc_get_policy(chain, &counters, table)
    },
    firstRule: { Entry(iptc_first_rule($0, $1)) },
    nextRule: { Entry(iptc_next_rule($0?.assumingMemoryBound(to: ipt_entry.self), $1)) },
    target: { iptc_get_target($0?.assumingMemoryBound(to: ipt_entry.self), $1) },
    insert: { iptc_insert_entry($0, $1?.assumingMemoryBound(to: ipt_entry.self), $2, $3) },
    remove: iptc_delete_num_entry)

  private static let ip6 = Libiptc(
    open: ip6tc_init, free: ip6tc_free, commit: ip6tc_commit, isBuiltIn: ip6tc_builtin, isChain: ip6tc_is_chain,
    firstChain: ip6tc_first_chain, nextChain: ip6tc_next_chain, makeChain: ip6tc_create_chain,
    flushChain: ip6tc_flush_entries, removeChain: ip6tc_delete_chain, references: ip6tc_get_references,
    policy: { chain, table in
      var counters = xt_counters()
      return ip6tc_get_policy(chain, &counters, table)
    },
    firstRule: { Entry(ip6tc_first_rule($0, $1)) },
    nextRule: { Entry(ip6tc_next_rule($0?.assumingMemoryBound(to: ip6t_entry.self), $1)) },
    target: { ip6tc_get_target($0?.assumingMemoryBound(to: ip6t_entry.self), $1) },
    insert: { ip6tc_insert_entry($0, $1?.assumingMemoryBound(to: ip6t_entry.self), $2, $3) },
    remove: ip6tc_delete_num_entry)
}
