// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Synchronization

/// The number of recordings in all threads.
private let recordingCount = Atomic(0)
private let recordings = Mutex<[ChangeTrace]>([])

/// The changes that a thread makes in the kernel, each as the command that would make it (`ip`, `tc`, `nft`, `sysctl`, …) with
/// the kernel's answer.
///
/// Only a log at level debug records them: `isOn` is one load, and a command is not put together unless it is true.
package struct ChangeTrace: Sendable {
  package struct Change: Sendable {
    package let command: String
    /// `ok`, or the kernel's error.
    package let answer: String
  }

  private let thread = pthread_self()
  /// The thread's namespace at the beginning; commands in other namespaces are prefixed with `nsenter`.
  private let home = NamespaceID.current
  private let container: (id: NamespaceID, path: String)?
  private var changes: [Change] = []

  private init(container path: String?) {
    container = path.flatMap { path in NamespaceID(path).map { ($0, path) } }
  }

  /// Whether any thread records changes. Check it before you build a command that `tell` cannot build lazily.
  package static var isOn: Bool { recordingCount.load(ordering: .relaxed) > 0 }

  /// Begins a recording of the calling thread, and suspends the one that it has. Commands name the container's namespace by the path
  /// `container`.
  package static func begin(container: String?) {
    let trace = ChangeTrace(container: container)
    recordings.withLock { $0.append(trace) }
    recordingCount.add(1, ordering: .relaxed)
  }

  /// Ends the thread's last recording, and returns what it has recorded.
  package static func end() -> [Change] {
    let thread = pthread_self()
    return recordings.withLock { list in
      guard let index = list.lastIndex(where: { $0.thread == thread }) else { return [] }
      recordingCount.subtract(1, ordering: .relaxed)
      return list.remove(at: index).changes
    }
  }

  /// Records a change in a namespace, by default the one that the thread is in.
  package static func tell(
    _ command: @autoclosure () -> String, _ answer: @autoclosure () -> String = "ok",
    in namespace: @autoclosure () -> NamespaceID? = .current
  ) {
    guard isOn else { return }
    let (thread, command, answer, namespace) = (pthread_self(), command(), answer(), namespace())
    recordings.withLock { list in
      guard let index = list.lastIndex(where: { $0.thread == thread }) else { return }
      let change = Change(command: list[index].prefix(namespace) + command, answer: answer)
      list[index].changes.append(change)
    }
  }

  /// The prefix that runs a command in a namespace; empty for the one where the recording began.
  private func prefix(_ namespace: NamespaceID?) -> String {
    guard let namespace, !namespace.isSame(as: home) else { return "" }
    let path = namespace.isSame(as: container?.id) ? container?.path : nil
    return "nsenter --net=\(path ?? namespace.text) "
  }
}

/// The identity of a network namespace: its file in the kernel's namespace file system (namespaces(7)).
package struct NamespaceID: Sendable {
  let device: UInt
  let inode: UInt

  private init(_ status: stat) {
    device = status.st_dev
    inode = status.st_ino
  }

  /// The namespace at a path; nil if the path does not exist.
  init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The namespace of a descriptor; nil if the descriptor is not open.
  package init?(descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// As `readlink /proc/PID/ns/net` prints it.
  package var text: String { "net:[\(inode)]" }

  func isSame(as other: NamespaceID?) -> Bool { device == other?.device && inode == other?.inode }

  /// The calling thread's namespace; nil without /proc.
  package static var current: NamespaceID? { NamespaceID("/proc/thread-self/ns/net") }
}
