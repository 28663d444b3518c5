// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@Suite struct IPAddressTests {
  @Test(
    "an address is read into its family, and printed in its usual form",
    arguments: [
      ("10.22.0.5", .ip, "10.22.0.5"), ("0.0.0.0", .ip, "0.0.0.0"), ("255.255.255.255", .ip, "255.255.255.255"),
      ("::1", .ip6, "::1"), ("2001:DB8:0:0:0:0:0:A", .ip6, "2001:db8::a"), ("::", .ip6, "::"),
      ("64:ff9b::1.2.3.4", .ip6, "64:ff9b::102:304"),
    ] as [(String, AddressFamily, String)])
  func readAndPrinted(text: String, family: AddressFamily, usual: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.family == family)
    #expect(address.bytes.count * 8 == family.bits)
    #expect("\(address)" == usual)
    #expect(IPAddress(usual) == address)
  }

  @Test(
    "an IPv4 address mapped into IPv6 is the IPv4 address", arguments: ["::ffff:10.1.2.3", "0:0:0:0:0:FFFF:a01:203"])
  func mapped(text: String) {
    #expect(IPAddress(text) == IPAddress("10.1.2.3"))
  }

  @Test(
    "a text that is no address is refused",
    arguments: [
      "", " ", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4/24", " 1.2.3.4", "1.2.3.4\0", "1.2.3.4:80",
      "01.2.3.4", ":", ":::", "1::2::3", "fe80::1%eth0", "[::1]", "::ffff:1.2.3", "g::1",
    ])
  func refused(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("only four or sixteen bytes are an address", arguments: 0...20)
  func byteCounts(count: Int) {
    let address = IPAddress(bytes: [UInt8](repeating: 1, count: count))
    #expect(address?.family == (count == 4 ? .ip : count == 16 ? .ip6 : nil))
  }

  @Test("only zeros are unspecified")
  func unspecified() {
    for (text, expected) in [("0.0.0.0", true), ("::", true), ("0.0.0.1", false), ("::1", false), ("1::", false)] {
      #expect(IPAddress(text)?.isUnspecified == expected, "\(text)")
    }
  }

  @Test(
    "a mask clears the bits after its length",
    arguments: [
      ("10.22.33.44", 0, "0.0.0.0"), ("10.22.33.44", 8, "10.0.0.0"), ("10.22.33.44", 16, "10.22.0.0"),
      ("10.22.33.47", 30, "10.22.33.44"), ("255.255.255.255", 1, "128.0.0.0"), ("10.22.33.44", 32, "10.22.33.44"),
      ("2001:db8:ffff::1", 0, "::"), ("2001:db8:ffff::1", 33, "2001:db8:8000::"), ("fe80::1", 64, "fe80::"),
      ("fe80::1", 128, "fe80::1"),
    ])
  func masked(text: String, length: Int, expected: String) throws {
    #expect(try #require(IPAddress(text)).masked(length) == IPAddress(expected))
  }

  @Test("the mask of every length has as many bits, all in front", arguments: AddressFamily.allCases)
  func masks(family: AddressFamily) {
    for length in 0...family.bits {
      let bits = IPAddress.mask(family, length).bytes.map { byte in
        String(repeating: "0", count: byte.leadingZeroBitCount) + (byte == 0 ? "" : String(byte, radix: 2))
      }.joined()
      #expect(bits == String(repeating: "1", count: length) + String(repeating: "0", count: family.bits - length))
    }
  }

  @Test(
    "the successor carries over bytes, and the last address has none",
    arguments: [
      ("10.0.0.1", "10.0.0.2"), ("10.0.0.255", "10.0.1.0"), ("10.255.255.255", "11.0.0.0"),
      ("255.255.255.255", nil), ("::", "::1"), ("1::ffff", "1::1:0"),
      ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
      ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nil),
    ] as [(String, String?)])
  func successor(text: String, next: String?) throws {
    #expect(try #require(IPAddress(text)).successor?.description == next)
  }

  @Test(
    "the predecessor borrows from bytes, and the first address has none",
    arguments: [
      ("10.0.0.2", "10.0.0.1"), ("10.0.1.0", "10.0.0.255"), ("0.0.1.0", "0.0.0.255"), ("0.0.0.0", nil), ("::", nil),
      ("1::1:0", "1::ffff"), ("255.255.255.255", "255.255.255.254"),
    ] as [(String, String?)])
  func predecessor(text: String, before: String?) throws {
    #expect(try #require(IPAddress(text)).predecessor?.description == before)
  }

  @Test("addresses are in order by number, IPv4 before IPv6")
  func order() {
    let texts = ["0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.1", "255.0.0.0", "::", "::1", "1::", "ff00::"]
    let addresses = texts.compactMap { IPAddress($0) }
    #expect(addresses.count == texts.count)
    #expect(addresses.reversed().sorted() == addresses)
  }

  @Test("the kernel's numbers and people's names of the families")
  func families() {
    #expect(AddressFamily.allCases.map(\.number) == [2, 10])
    #expect(AddressFamily.allCases.map(\.title) == ["IPv4", "IPv6"])
    #expect(AddressFamily.allCases.map(\.bits) == [32, 128])
  }
}
