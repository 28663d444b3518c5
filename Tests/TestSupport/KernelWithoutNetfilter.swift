// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CSeccomp
import Glibc
import OS

/// Runs `body` on a thread in this one's network namespace to which the kernel appears to have no nfnetlink, and so no nf_tables;
/// the same holds for programs that `body` starts.
package func withoutNetfilterSockets<T>(_ body: () throws -> T) throws -> T {
  try withoutActuallyEscaping(body) { body in
    let work = Work { () throws -> T in
      // A seccomp filter stays as long as its thread, and the programs that it has started.
      try systemCall("refuse sockets of nfnetlink") { cni_refuse_netlink(NETLINK_NETFILTER, EPROTONOSUPPORT) }
      return try body()
    }
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<AnyWork>.fromOpaque(argument.unsafelyUnwrapped).takeUnretainedValue().run()
        return nil
      }, Unmanaged<AnyWork>.passUnretained(work).toOpaque())
    if failure != 0 { throw SystemError("start a thread", number: failure) }
    pthread_join(thread, nil)
    return try work.result.unsafelyUnwrapped.get()
  }
}

private class AnyWork {
  func run() {}
}

private final class Work<T>: AnyWork {
  private let body: () throws -> T
  private(set) var result: Result<T, any Error>?

  init(_ body: @escaping () throws -> T) { self.body = body }

  override func run() { result = Result { try body() } }
}
