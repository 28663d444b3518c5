// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import OS
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite("the transport for iptables-legacy") struct LegacyTransportRefusalTests {
  @Test("a kernel without ip_tables, or without privileges for it, is told from other failures")
  func refusals() {
    func message(_ number: Int32, _ family: AddressFamily) -> CNIError {
      LegacyTransport.refusal(SystemError("read it", number: number), IPTable(.nat, family))
    }
    #expect(
      message(ENOPROTOOPT, .ip)
        == CNIError(
          .kernelRefused, "read it: Protocol not available; the kernel has no ip_tables, or it is not loaded"))
    #expect(message(ENOPROTOOPT, .ip6).message.contains(" no ip6_tables"))
    #expect(message(EPERM, .ip).message.contains("CAP_NET_ADMIN"))
    #expect(message(EINVAL, .ip) == CNIError(.kernelRefused, "read it: Invalid argument"))
  }
}
