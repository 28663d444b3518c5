// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A namespace that cannot be opened, made or entered.
package struct NetworkNamespaceError: Error, CustomStringConvertible {
  package let description: String
}

/// A network namespace that is held open, and so exists as long as this value does.
package struct NetworkNamespace: ~Copyable {
  private let file: FileDescriptor

  /// The descriptor that holds it, for a request to the kernel about it.
  package var descriptor: Int32 { file.number }

  /// Opens a namespace by any of its names: `/run/netns/…`, `/proc/PID/ns/net`, `/proc/PID/fd/N`.
  package static func open(_ path: String) throws(NetworkNamespaceError) -> NetworkNamespace {
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(path, .nonblocking)
    } catch {
      throw NetworkNamespaceError(description: "\(error)")
    }
    // Only namespaces accept this ioctl (kernel 4.11 and later).
    guard ioctl(file.number, UInt(cni_ns_get_nstype)) == cni_clone_newnet else {
      throw NetworkNamespaceError(description: "\(path) is not a network namespace")
    }
    return NetworkNamespace(file: file)
  }

  /// Whether a path leads to a network namespace; nil if this process may not or cannot look.
  package static func exists(_ path: String) -> Bool? {
    do {
      let file = try FileDescriptor.open(path, .nonblocking)
      return ioctl(file.number, UInt(cni_ns_get_nstype)) == cni_clone_newnet
    } catch {
      // A process that has ended has no files below its folder in /proc.
      return [ENOENT, ENOTDIR, ESRCH].contains(error.number) ? false : nil
    }
  }

  /// Makes a namespace with nothing in it but `lo`.
  package static func make() throws(NetworkNamespaceError) -> NetworkNamespace {
    let home = try current()
    if unshare(cni_clone_newnet) != 0 {
      throw NetworkNamespaceError(description: "\(SystemError("make a network namespace", number: errno))")
    }
    defer { home.restore() }
    return try current()
  }

  /// The namespace of the calling thread.
  package static func current() throws(NetworkNamespaceError) -> NetworkNamespace {
    try open("/proc/thread-self/ns/net")
  }

  /// Runs `body` with the calling thread in this namespace: sockets that it opens and parameters that it sets belong there.
  /// `convert` makes the error that is thrown if the thread cannot enter. If the thread cannot return, the process aborts, because
  /// every later change would go to the wrong namespace.
  package func run<T: ~Copyable, E: Error>(
    _ convert: (NetworkNamespaceError) -> E, _ body: () throws(E) -> T
  ) throws(E) -> T {
    let home = try Self.current(convert)
    if setns(file.number, cni_clone_newnet) != 0 {
      throw convert(NetworkNamespaceError(description: "\(SystemError("enter the namespace", number: errno))"))
    }
    defer { home.restore() }
    return try body()
  }

  private func restore() {
    if setns(file.number, cni_clone_newnet) != 0 { abort() }
  }

  private static func current<E: Error>(_ convert: (NetworkNamespaceError) -> E) throws(E) -> NetworkNamespace {
    do {
      return try current()
    } catch {
      throw convert(error)
    }
  }

  /// Whether both are the same namespace: the same file of the kernel's namespace file system (namespaces(7)).
  package func isSame(as other: borrowing NetworkNamespace) -> Bool {
    var mine = stat()
    var others = stat()
    guard unsafe fstat(file.number, &mine) == 0, unsafe fstat(other.file.number, &others) == 0 else { return false }
    return mine.st_dev == others.st_dev && mine.st_ino == others.st_ino
  }
}
