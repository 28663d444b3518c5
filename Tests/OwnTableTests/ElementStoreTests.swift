// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct ElementStoreTests {
  @Test("a permanent refusal of the kernel is code 101, and a passing one code 11")
  func failures() {
    func code(_ number: Int32) -> CNIError.Code {
      ElementStore.failure("do it", NetlinkError("x", number: number)).code
    }
    for number in [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS] { #expect(code(number) == .tryAgainLater) }
    for number in [EPERM, EINVAL, EOPNOTSUPP, ENOMEM, EEXIST, ENOENT] { #expect(code(number) == .kernelRefused) }
  }

  @Test("a kernel without nf_tables is code 50, whichever error it returns")
  func noTables() {
    for error in [
      NetlinkError("open", number: EPROTONOSUPPORT),
      NetlinkError("read", number: EINVAL, explanation: NetlinkError.noTables),
    ] {
      #expect(ElementStore.failure("do it", error).code == .notAvailable)
    }
  }

  @Test("an error names the action and, without privileges, the needed capability")
  func failureText() {
    let refused = ElementStore.failure("apply", NetlinkError("change", number: EPERM))
    #expect(refused.message.hasPrefix("apply: change: Operation not permitted; it needs CAP_NET_ADMIN"))
    let invalid = ElementStore.failure("apply", NetlinkError("change", number: EINVAL, explanation: "bad"))
    #expect(invalid.message == "apply: change: Invalid argument (bad)")
  }
}
