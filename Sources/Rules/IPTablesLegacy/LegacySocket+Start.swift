// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import IPTables
import OS

/// The kernel copies a whole table, entry by entry, and stops at memory that it cannot write. So with memory for only the first
/// entries the rest costs nothing: of 20,000 rules it copies these in 0.8 ms instead of 9.
extension LegacySocket {
  /// The entries of the chains that plugins write to, with a header before them, and perhaps other entries; nil if the table has
  /// changed meanwhile.
  func readPluginChains(of table: IPTable) throws(SystemError) -> ArraySlice<UInt8>? {
    guard let info = try info(table) else { return nil }
    if let start = readStart(of: table, info), let end = info.endOfPluginChains(start, EntryFormat(table.family)) {
      return start[..<end]
    }
    return try read(table)?.entries[...]
  }

  /// In bytes: room for some hundred rules.
  private static let startLength = 1 << 16

  /// The entries that fit into `startLength`, the last perhaps cut off; nil if the table is not larger, or cannot be read in this
  /// way.
  private func readStart(of table: IPTable, _ info: LegacyTableInfo) -> [UInt8]? {
    let page = Int(getpagesize())
    let readable = (Self.startLength + page - 1) / page * page
    let length = LegacyTable.entriesHeader + info.size
    if length <= readable { return nil }
    let memory = unsafe mmap(nil, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
    defer { unsafe munmap(memory, length) }
    if unsafe mprotect(memory, readable, PROT_READ | PROT_WRITE) != 0 { return nil }
    unsafe memory.copyMemory(from: entriesRequest(table, info), byteCount: LegacyTable.entriesHeader)
    var size = socklen_t(clamping: length)
    let result = unsafe getsockopt(file.number, level, IPT_SO_GET_ENTRIES, memory, &size)
    if result == 0 || errno != EFAULT { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: memory, count: readable))
  }
}

extension LegacyTableInfo {
  /// The offset of the first chain after those of plugins. Nil if the first entries do not tell: they are too few, or chains are
  /// not sorted by name, as iptables does since 1.4.0 (libiptc.c, `iptc_insert_chain`).
  func endOfPluginChains(_ bytes: [UInt8], _ format: EntryFormat) -> Int? {
    let prefix = Array(IPTable.pluginChains.utf8)[...]
    let headLength = format.header + EntryFormat.errorTarget
    var start = LegacyTable.entriesHeader
    var former: ArraySlice<UInt8> = []
    while bytes.count - start >= headLength {
      let target = bytes.integer16(at: start + format.targetOffset)
      let length = bytes.integer16(at: start + format.nextOffset)
      guard
        target >= format.header, target <= length - EntryFormat.extensionHeader, length <= bytes.count - start
      else { return nil }
      if bytes.isHead(start + target) {
        if target != format.header || length != headLength { return nil }
        let name = bytes[start + target + EntryFormat.extensionHeader..<start + length].prefix { $0 != 0 }
        guard precedes(former, name) else { return nil }
        if precedes(prefix, name), !name.starts(with: prefix) { return isBehindHooks(start) ? start : nil }
        former = name
      }
      start += length
    }
    return nil
  }

  private func isBehindHooks(_ start: Int) -> Bool {
    policies.indices.allSatisfy { hook in
      hooks & (1 << UInt32(hook)) == 0 || LegacyTable.entriesHeader + Int(policies[hook]) < start
    }
  }
}
