// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A path that is not what it should be: a network namespace other than this one.
package struct NetworkNamespaceError: Error, CustomStringConvertible {
  package let description: String
}

/// A network namespace that is held open, and so exists as long as this value does.
package struct NetworkNamespace: ~Copyable {
  private let file: FileDescriptor

  /// Opens a namespace by any of its names: `/run/netns/…`, `/proc/PID/ns/net`, `/proc/PID/fd/N`.
  package static func open(_ path: String) throws(NetworkNamespaceError) -> NetworkNamespace {
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(path, .nonblocking)
    } catch {
      throw NetworkNamespaceError(description: "\(error)")
    }
    // The ioctl exists since kernel 4.11, and only namespaces answer it: the file system's magic needs no look.
    guard ioctl(file.number, UInt(cni_ns_get_nstype)) == cni_clone_newnet else {
      throw NetworkNamespaceError(description: "\(path) is not a network namespace")
    }
    return NetworkNamespace(file: file)
  }

  /// The namespace of the calling thread.
  package static func current() throws(NetworkNamespaceError) -> NetworkNamespace {
    try open("/proc/thread-self/ns/net")
  }

  /// Whether both are the same namespace: the same file of the kernel's namespace file system (namespaces(7)).
  package func isSame(as other: borrowing NetworkNamespace) -> Bool {
    var mine = stat()
    var others = stat()
    guard unsafe fstat(file.number, &mine) == 0, unsafe fstat(other.file.number, &others) == 0 else { return false }
    return mine.st_dev == others.st_dev && mine.st_ino == others.st_ino
  }
}
