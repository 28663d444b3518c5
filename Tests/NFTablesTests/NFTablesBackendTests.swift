// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Testing

@testable import NFTables

@Suite struct NFTablesBackendTests {
  @Test("what the kernel refuses for good is code 101, and what may go better soon is code 11")
  func failures() {
    func code(_ number: Int32) -> CNIError.Code {
      NFTablesBackend.failure("do it", NetlinkError("x", number: number)).code
    }
    for number in [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS] { #expect(code(number) == .tryAgainLater) }
    for number in [EPERM, EINVAL, EOPNOTSUPP, ENOMEM, EEXIST, ENOENT] { #expect(code(number) == .kernelRefused) }
  }

  @Test("a kernel without nf_tables is code 50, however it says so")
  func noTables() {
    for error in [
      NetlinkError("open", number: EPROTONOSUPPORT),
      NetlinkError("read", number: EINVAL, explanation: NetlinkError.noTables),
    ] {
      #expect(NFTablesBackend.failure("do it", error).code == .notAvailable)
      #expect(error.maxAttempts == 1)
    }
  }

  @Test("what passes, and what somebody else may have caused, is told from what is final")
  func kinds() {
    for number in [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS, EEXIST, ENOENT, EPERM, EINVAL, EOPNOTSUPP, ENOMEM] {
      let error = NetlinkError("x", number: number)
      #expect(error.isTransient == [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS].contains(number))
      #expect((error.maxAttempts > 1) == [EEXIST, ENOENT].contains(number))
    }
  }

  @Test("an error says what was being done; without privileges, what is needed")
  func failureText() {
    let refused = NFTablesBackend.failure("apply", NetlinkError("change", number: EPERM))
    #expect(refused.message.hasPrefix("apply: change: Operation not permitted; it needs CAP_NET_ADMIN"))
    let invalid = NFTablesBackend.failure("apply", NetlinkError("change", number: EINVAL, explanation: "bad"))
    #expect(invalid.message == "apply: change: Invalid argument (bad)")
  }

  private let elements = ["b", "a", "b"].enumerated().map { index, set in
    Element(set, key: [UInt8(index)], comment: Comment(text: "x"))
  }

  @Test("elements go in one message a set")
  func bySet() throws {
    for messages in [
      NFTablesBackend.add(elements), NFTablesBackend.delete(elements), NFTablesBackend.expire(elements, in: 1),
    ] {
      let places = try messages.map { Element.read(try $0.received()).map(\.element.place) }
      #expect(places == [[elements[0].place, elements[2].place], [elements[1].place]])
    }
    #expect(NFTablesBackend.add([]).isEmpty)
  }

  @Test("elements that are to go get a timeout, of which 0 is none")
  func expiry() throws {
    func timeouts(_ expiry: UInt64) throws -> [UInt64?] {
      try NFTablesBackend.expire([elements[0]], in: expiry).flatMap { Element.read(try $0.received()).map(\.timeout) }
    }
    #expect(try timeouts(1) == [1])
    #expect(try timeouts(0) == [nil])
  }
}
