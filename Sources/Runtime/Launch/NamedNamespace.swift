// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CContainer
import Glibc
import NetNS
import Netlink
import OS

/// A network namespace that could not be made.
package struct NamedNamespaceError: Error, CustomStringConvertible {
  package let description: String
}

/// The names of network namespaces, which ip-netns(8) shares: files on which namespaces are mounted.
package struct NamedNamespaces: Sendable {
  package static let usualFolder = "/run/netns"
  private let folder: String

  package init(_ folder: String = usualFolder) { self.folder = folder }

  package func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Makes a namespace whose `lo` is up, under a name that must be new; nil if it is taken.
  package func make(_ name: String) throws(NamedNamespaceError) -> NetworkNamespace? {
    let path = path(name)
    do {
      try prepareFolder()
      guard try createFile(path) else { return nil }
      do {
        let namespace = try fill(path)
        return namespace
      } catch {
        remove(name)
        throw error
      }
    } catch let error as NamedNamespaceError {
      throw error
    } catch {
      throw NamedNamespaceError(description: "make the network namespace \(name): \(error)")
    }
  }

  private func fill(_ path: String) throws -> NetworkNamespace {
    let namespace = try NetworkNamespace.make()
    try namespace.run {
      NamedNamespaceError(description: "\($0)")
    } _: { () throws(NamedNamespaceError) in
      do {
        try RouteSocket.open().bringUp(Self.loopback)
      } catch {
        throw NamedNamespaceError(description: "bring lo up: \(error)")
      }
    }
    let failure = unsafe cni_bind("/proc/self/fd/\(namespace.descriptor)", path, 0)
    if failure != 0 { throw SystemError("mount on \(path)", number: failure) }
    return namespace
  }

  /// `LOOPBACK_IFINDEX` (net/flow.h): `lo` is the first interface of each namespace.
  private static let loopback: UInt32 = 1

  /// Removes a name, and with it the namespace, unless somebody else holds that; does nothing if there is none.
  package func remove(_ name: String) {
    let path = path(name)
    // More than once, if somebody has mounted on it again.
    while unsafe cni_unmount(path) == 0 {}
    unsafe unlink(path)
  }

  private func createFile(_ path: String) throws(SystemError) -> Bool {
    do {
      let number = try systemCall("create \(path)") {
        unsafe open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
      }
      _ = FileDescriptor(owning: number)
      return true
    } catch {
      if error.number == EEXIST { return false }
      throw error
    }
  }

  /// Makes the folder a mount point that passes its mounts on to other mount namespaces, as ip-netns(8) does, under the same lock.
  private func prepareFolder() throws(SystemError) {
    try Folder.make(folder, mode: 0o755).locked { () throws(SystemError) in
      var failure = unsafe cni_share_mounts(folder)
      if failure == EINVAL {
        failure = unsafe cni_bind(folder, folder, 1)
        if failure == 0 { failure = unsafe cni_share_mounts(folder) }
      }
      if failure != 0 { throw SystemError("share the mounts of \(folder)", number: failure) }
    }
  }
}
