// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// What this library keeps of an attachment beside libcni's file, in the file that is its lock: one line of what there is to know, and one of the
/// plugins that stand in files beside the network's list, if there are any; libcni's file has only the list.
struct OwnRecord: Equatable {
  /// Of an attachment that was made, its ``BootRecord``; of one that is being made, its ``CacheFile``.
  var line: [UInt8]
  /// ``NetworkList/textBeside``.
  var pluginsBeside: [UInt8]

  init(_ line: [UInt8], _ network: NetworkList) {
    self.line = line
    pluginsBeside = network.textBeside
  }

  /// Reads a record.
  init(parsing text: [UInt8]) {
    let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 1)
    line = lines.first.map(Array.init) ?? []
    pluginsBeside = lines.count > 1 ? Array(lines[1]) : []
  }

  /// The record's text.
  var text: [UInt8] { line + [UInt8(ascii: "\n")] + pluginsBeside }
}
