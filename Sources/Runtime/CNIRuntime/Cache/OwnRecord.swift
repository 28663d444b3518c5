// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// What this library keeps of an attachment beside libcni's file, in the file that is its lock: one line of what there is to know, one of the
/// plugins that stand in files beside the network's list, if there are any (libcni's file has only the list), and one that ends the record: as
/// the file is written over in place, the rest of a longer record can stand behind.
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
    let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
    line = lines.first.map(Array.init) ?? []
    pluginsBeside = lines.count > 2 && lines[2].elementsEqual(Self.end) ? Array(lines[1]) : []
  }

  private static let end = Array("end".utf8)

  /// The record's text.
  var text: [UInt8] { [line, pluginsBeside, Self.end].flatMap { $0 + [UInt8(ascii: "\n")] } }
}
