// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// What is known of the boot in which a file of the cache was written: beside libcni's file, whose bytes must stay its own, there is one
/// with the boot's ID and the time of libcni's file, which tells whether another has written that since.
struct BootRecord {
  private let file: FileTime

  /// For a file that was written last at this time.
  init(of file: FileTime) { self.file = file }

  /// The record's text, in one line.
  var text: [UInt8] { Array("\(Self.bootID) \(file)".utf8) }

  /// Whether the file was written before this boot. Without a record, or with that of an older file, the times of the file and of the
  /// boot decide.
  func isOfFormerBoot(_ record: [UInt8]?) -> Bool {
    boot(in: record).map { $0 != Self.bootID } ?? (file < FileTime.boot())
  }

  /// Whether the record is of this file, and not of one that another has written since.
  func matches(_ record: [UInt8]?) -> Bool { boot(in: record) != nil }

  private func boot(in record: [UInt8]?) -> String? {
    let words = String(decoding: record ?? [], as: UTF8.self).split(separator: " ")
    return words.count == 2 && words[1] == "\(file)" ? String(words[0]) : nil
  }

  /// random(4): the kernel makes a new one at each boot.
  private static let bootID: String = {
    let bytes = try? FileDescriptor.open("/proc/sys/kernel/random/boot_id").readAll(limit: 64)
    return String(decoding: (bytes ?? []).filter { $0 > 0x20 }, as: UTF8.self)
  }()
}
