// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct AddressTextTests {
  @Test(
    "a text of an address is read, and printed in its usual form",
    arguments: [
      ("10.22.0.5", "10.22.0.5", AF_INET, [10, 22, 0, 5]),
      ("255.255.255.255", "255.255.255.255", AF_INET, [255, 255, 255, 255]),
      ("::", "::", AF_INET6, [UInt8](repeating: 0, count: 16)),
      ("2001:DB8:0:0::1", "2001:db8::1", AF_INET6, [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]),
      ("::ffff:1.2.3.4", "::ffff:1.2.3.4", AF_INET6, [UInt8](repeating: 0, count: 10) + [255, 255, 1, 2, 3, 4]),
      (
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6,
        [UInt8](repeating: 255, count: 16)
      ),
    ] as [(String, String, Int32, [UInt8])])
  func readAndPrinted(text: String, usual: String, family: Int32, bytes: [UInt8]) {
    #expect(addressBytes(text, family: family) == bytes)
    #expect(addressText(bytes, family: family) == usual)
  }

  @Test(
    "a text that is no address of the family is refused",
    arguments: [
      ("", AF_INET), ("1.2.3", AF_INET), ("1.2.3.4.5", AF_INET), ("256.1.1.1", AF_INET), ("01.2.3.4", AF_INET),
      ("1.2.3.4 ", AF_INET), ("1.2.3.4\0", AF_INET), ("1.2.3.4\0.5", AF_INET), ("::1", AF_INET),
      ("", AF_INET6), ("1.2.3.4", AF_INET6), (":::", AF_INET6), ("1::2::3", AF_INET6), ("12345::", AF_INET6),
      ("::1\0", AF_INET6), ("fe80::1%lo", AF_INET6), ("[::1]", AF_INET6),
    ] as [(String, Int32)])
  func refused(text: String, family: Int32) {
    #expect(addressBytes(text, family: family) == nil)
  }
}
