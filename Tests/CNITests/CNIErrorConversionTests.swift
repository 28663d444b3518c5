// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import JSON
import NetNS
import Netlink
import OS
import Testing

@Suite struct CNIErrorConversionTests {
  private static func code(_ error: some CNIErrorConvertible) -> CNIError.Code { CNIError(error).code }

  @Test("a field is code 7, a file 5, what another program holds 11, and what the kernel or a namespace refuses 101")
  func codes() throws {
    #expect(Self.code(FieldError(path: "mtu", reason: "too large")) == .invalidConfiguration)
    for number in [ENOENT, EACCES, ENOSPC, ELOOP] {
      #expect(Self.code(SystemError("x", number: number)) == .inputOutput)
    }
    #expect(Self.code(SystemError("lock /x", number: EWOULDBLOCK)) == .tryAgainLater)
    for number in [EPERM, ENODEV, EEXIST, ETIMEDOUT, EBUSY] {
      #expect(Self.code(NetlinkError("x", number: number)) == .kernelRefused)
    }
    let namespace = #expect(throws: NetworkNamespaceError.self) { _ = try NetworkNamespace.open("/dev/null") }
    #expect(Self.code(try #require(namespace)) == .kernelRefused)
  }

  @Test("the message says what it was for, what was being done, to what, and why that failed")
  func message() {
    let error = NetlinkError("set the MTU of eth0", number: EINVAL, explanation: "mtu less than device minimum")
    let reason = "set the MTU of eth0: Invalid argument (mtu less than device minimum)"
    #expect(CNIError(error).message == reason)
    #expect(CNIError(error, "tune eth0") == CNIError(.kernelRefused, "tune eth0: \(reason)"))
    #expect(CNIError(error, "CNI_IFNAME", as: .invalidConfiguration).code == .invalidConfiguration)
  }

  @Test("what succeeds is returned, and the text for an error is made only for one")
  func success() throws {
    var texts = 0
    func action() -> String {
      texts += 1
      return "read it"
    }
    #expect(try reporting(action()) { () throws(SystemError) in 7 } == 7)
    #expect(texts == 0)
    #expect(throws: CNIError(.tryAgainLater, "read it: open /x: File exists")) {
      try reporting(action(), as: .tryAgainLater) { () throws(SystemError) in
        throw SystemError("open /x", number: EEXIST)
      }
    }
    #expect(texts == 1)
  }

  @Test("with another code an error says the same")
  func recoded() {
    let error = CNIError(.kernelRefused, "a", details: "b")
    #expect(error.recoded(.notAvailable) == CNIError(.notAvailable, "a", details: "b"))
  }
}
