// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import IPTables
import OS

/// A socket for reading and replacing the tables of a family in the network namespace of this thread.
struct LegacySocket: ~Copyable {
  let file: FileDescriptor
  let level: Int32

  static func open(_ family: AddressFamily) throws(SystemError) -> LegacySocket {
    let number = try systemCall("open an \(family.title) socket") {
      socket(Int32(family.number), Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }
    let level = Int32(family == .ip ? IPPROTO_IP : IPPROTO_IPV6)
    return LegacySocket(file: FileDescriptor(owning: number), level: level)
  }

  /// Reads a table; nil if it has changed meanwhile.
  func read(_ table: IPTable) throws(SystemError) -> LegacyTable.Contents? {
    guard let info = try info(table) else { return nil }
    let length = LegacyTable.entriesHeader + info.size
    let entries = try get(IPT_SO_GET_ENTRIES, entriesRequest(table, info), length, table)
    return entries.map { LegacyTable.Contents(info: info, entries: $0) }
  }

  /// The sizes and offsets of a table. The kernel makes the table if it does not exist in this namespace.
  func info(_ table: IPTable) throws(SystemError) -> LegacyTableInfo? {
    try get(IPT_SO_GET_INFO, header(table, LegacyTableInfo.length), LegacyTableInfo.length, table).flatMap {
      LegacyTableInfo($0)
    }
  }

  /// Replaces all entries at once. Returns the counters of the old ones; nil if their number has changed.
  func replace(_ table: IPTable, _ replacement: inout [UInt8], oldCount: Int) throws(SystemError) -> [UInt8]? {
    // struct xt_counters: packets and bytes
    var counters = [UInt8](repeating: 0, count: 16 * oldCount)
    let isDone = try again("change \(table)") {
      unsafe counters.withUnsafeMutableBytes { counters in
        let pointer = UInt64(UInt(bitPattern: counters.baseAddress))
        replacement.put(UInt32(truncatingIfNeeded: pointer), at: LegacyLayout.countersPointer)
        replacement.put(UInt32(truncatingIfNeeded: pointer >> 32), at: LegacyLayout.countersPointer + 4)
        return set(IPT_SO_SET_REPLACE, replacement)
      }
    }
    return isDone ? counters : nil
  }

  /// Adds the counters of the old entries to those that are kept.
  func add(_ counters: [UInt8], _ table: IPTable, _ layout: LegacyLayout) throws(SystemError) {
    // struct xt_counters_info: the table's name, the number of counters, four bytes of padding.
    var request = header(table, 40)
    request.reserveCapacity(40 + 16 * layout.count)
    request.put(UInt32(truncatingIfNeeded: layout.count), at: Int(XT_TABLE_MAXNAMELEN))
    for run in layout.kept {
      request.append(zeros: 40 + 16 * run.now - request.count)
      request += counters[16 * run.before.lowerBound..<16 * run.before.upperBound]
    }
    request.append(zeros: 40 + 16 * layout.count - request.count)
    _ = try again("add to the counters of \(table)") { set(IPT_SO_SET_ADD_COUNTERS, request) }
  }

  /// The request for the entries of a table with this info.
  func entriesRequest(_ table: IPTable, _ info: LegacyTableInfo) -> [UInt8] {
    var request = header(table, LegacyTable.entriesHeader)
    request.put(UInt32(truncatingIfNeeded: info.size), at: Int(XT_TABLE_MAXNAMELEN))
    return request
  }

  /// The start of every request: the name of the table.
  private func header(_ table: IPTable, _ length: Int) -> [UInt8] {
    var bytes = Array(table.name.rawValue.utf8)
    bytes.append(zeros: length - bytes.count)
    return bytes
  }

  /// Spare capacity of a reply, for entries that are inserted later.
  private static let room = 1 << 14

  /// Zeros in memory whose pages are populated at once: for a large table, page faults one by one would take the kernel twice as
  /// long.
  private static func zeros(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count + room) { memory, initialized in
      if count >= 1 << 16, let start = memory.baseAddress {
        let page = UInt(getpagesize())
        let first = (UInt(bitPattern: start) + page - 1) / page * page
        // Kernels before 5.14 refuse this, which does no harm.
        unsafe _ = madvise(UnsafeMutableRawPointer(bitPattern: first), count, MADV_POPULATE_WRITE)
      }
      unsafe memory.prefix(count).initialize(repeating: 0)
      initialized = count
    }
  }

  /// The reply to a request, of exactly this many bytes; nil if the table does not fit the request.
  private func get(
    _ option: Int32, _ request: [UInt8], _ length: Int, _ table: IPTable
  ) throws(SystemError) -> [UInt8]? {
    // Zeros, because the kernel does not write the bytes after a name in its field.
    var bytes = Self.zeros(length)
    bytes.replaceSubrange(request.indices, with: request)
    var size = socklen_t(clamping: length)
    let isDone = try again("read \(table)") {
      unsafe bytes.withUnsafeMutableBytes {
        unsafe getsockopt(file.number, level, option, $0.baseAddress, &size)
      }
    }
    return isDone && Int(size) == length ? bytes : nil
  }

  private func set(_ option: Int32, _ request: [UInt8]) -> Int32 {
    unsafe request.withUnsafeBytes {
      unsafe setsockopt(file.number, level, option, $0.baseAddress, socklen_t(clamping: $0.count))
    }
  }

  /// Whether a call succeeds; false if the table has changed, and the caller has to start again (EAGAIN).
  private func again(_ action: @autoclosure () -> String, _ call: () -> Int32) throws(SystemError) -> Bool {
    do {
      try systemCall(action(), call)
      return true
    } catch {
      if error.number == EAGAIN { return false }
      throw error
    }
  }
}
