// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NetNS
import OS

extension CachedAttachment {
  /// What has become of an attachment's network namespace.
  public enum State: String, Sendable {
    /// It is there.
    case alive
    /// It is not there any more, or its path leads to another one.
    case gone
    /// It was that of a boot before this one.
    case formerBoot = "former boot"
    /// No path of it is known, or this process may not or cannot look.
    case unknown
  }

  /// Whether the container's network namespace is still there.
  public var state: State {
    if isOfFormerBoot { return .formerBoot }
    guard let known = attachment.namespace, !known.isEmpty else { return .unknown }
    guard let path = currentNamespace else { return .gone }
    return switch NetworkNamespace.exists(path) {
    case true?: .alive
    case false?: .gone
    case nil: .unknown
    }
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
      let ticks = startTime(ofProcess: process)
    else { return nil }
    return FileTime.boot().seconds + ticks / 100
  }
}
