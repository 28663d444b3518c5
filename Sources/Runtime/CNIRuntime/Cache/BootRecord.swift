// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// What is known of the boot in which a file of the cache was written: beside libcni's file, whose bytes must stay its own, there is one
/// with the boot's ID and the time of libcni's file, which tells whether another has written that since.
struct BootRecord {
  private let file: FileTime

  /// For a file that was written last at this time.
  init(of file: FileTime) { self.file = file }

  /// The record's text.
  var text: [UInt8] { Array("\(Self.bootID) \(file)\n".utf8) }

  /// Whether the file was written before this boot. Without a record, or with that of an older file, the times of the file and of the
  /// boot decide.
  func isOfFormerBoot(_ record: [UInt8]?) -> Bool {
    let words = String(decoding: record ?? [], as: UTF8.self).split(whereSeparator: \.isWhitespace)
    if words.count == 2, words[1] == "\(file)" { return words[0] != Self.bootID }
    return file < FileTime.boot()
  }

  /// random(4): the kernel makes a new one at each boot.
  private static let bootID: String = {
    let bytes = try? FileDescriptor.open("/proc/sys/kernel/random/boot_id").readAll(limit: 64)
    return String(decoding: (bytes ?? []).filter { $0 > 0x20 }, as: UTF8.self)
  }()
}
