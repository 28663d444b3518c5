// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NetNS
import OS

extension CachedAttachment {
  /// Whether the container's network namespace is still there.
  public var isNamespaceAlive: Bool {
    guard let path = currentNamespace else { return false }
    return (try? NetworkNamespace.open(path)) != nil
  }

  /// The path of the container's namespace; nil if it leads to another one by now, in which a DEL would remove what others own: after a
  /// boot, or if the process that the path names has started after the attachment was made.
  public var currentNamespace: String? {
    guard !isOfFormerBoot, let path = attachment.namespace else { return nil }
    // The file's time is that of ADD's end, in whole seconds.
    if let started = Self.start(ofProcessIn: path), started > written + 1 { return nil }
    return path
  }

  /// What to delete: the attachment with its namespace of now.
  public var forDeletion: Attachment {
    var attachment = attachment
    attachment.namespace = currentNamespace
    return attachment
  }

  /// When the process of `/proc/PID/…` started, in seconds since 1970; nil if the path is another one, or the process is gone.
  private static func start(ofProcessIn path: String) -> Int? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "proc", let process = Int(parts[1]),
      let bytes = try? FileDescriptor.open("/proc/\(process)/stat").readAll()
    else { return nil }
    // proc_pid_stat(5): the twentieth field after the name in parentheses, in hundredths of a second since the boot.
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 19, let ticks = Int(fields[19]) else { return nil }
    return FileTime.boot().seconds + ticks / 100
  }
}
