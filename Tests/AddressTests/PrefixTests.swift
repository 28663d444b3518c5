// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@Suite struct PrefixTests {
  @Test(
    "a prefix is read and printed with its host part",
    arguments: ["10.22.0.5/16", "0.0.0.0/0", "10.0.0.1/32", "2001:db8::5/64", "::/0", "::1/128"])
  func readAndPrinted(text: String) throws {
    let prefix = try #require(Prefix(text))
    #expect("\(prefix)" == text)
    #expect(prefix.family == prefix.address.family)
  }

  @Test(
    "a text that is no prefix is refused",
    arguments: [
      "", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
      "10.0.0.0/ 8",
      "10.0.0.0/8 ", "10.0.0/8", "10.0.0.0/0x8", "10.0.0.0/255.0.0.0", "2001:db8::/129", "::1/99999999999999999999",
      "10.0.0.0/٨",
    ])
  func refused(text: String) {
    #expect(Prefix(text) == nil)
    #expect(text == "10.0.0.0" || Prefix(addressOrPrefix: text) == nil)
  }

  @Test("an address alone is the prefix that holds only it, where both may be given")
  func addressOrPrefix() {
    #expect(Prefix(addressOrPrefix: "10.0.0.1") == Prefix("10.0.0.1/32"))
    #expect(Prefix(addressOrPrefix: "::1") == Prefix("::1/128"))
    #expect(Prefix(addressOrPrefix: "10.0.0.1/8") == Prefix("10.0.0.1/8"))
  }

  @Test("a length is one of the address's family")
  func lengths() throws {
    for (text, most) in [("10.0.0.1", 32), ("::1", 128)] {
      let address = try #require(IPAddress(text))
      #expect(Prefix(address, length: 0) != nil)
      #expect(Prefix(address, length: most) != nil)
      #expect(Prefix(address, length: -1) == nil)
      #expect(Prefix(address, length: most + 1) == nil)
    }
  }

  @Test("multicast groups are those of RFC 1112 and RFC 4291")
  func multicast() {
    #expect(Prefix.multicast(.ip).description == "224.0.0.0/4")
    #expect(Prefix.multicast(.ip6).description == "ff00::/8")
  }

  @Test(
    "the network has no host part, and the last address all of it",
    arguments: [
      ("10.22.33.44/16", "10.22.0.0/16", "10.22.255.255"), ("10.22.33.44/32", "10.22.33.44/32", "10.22.33.44"),
      ("10.22.33.44/0", "0.0.0.0/0", "255.255.255.255"), ("10.22.33.44/31", "10.22.33.44/31", "10.22.33.45"),
      ("10.22.33.44/20", "10.22.32.0/20", "10.22.47.255"),
      ("2001:db8::1:2/112", "2001:db8::1:0/112", "2001:db8::1:ffff"),
      ("fe80::1/10", "fe80::/10", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
  func network(text: String, network: String, last: String) throws {
    let prefix = try #require(Prefix(text))
    #expect("\(prefix.network)" == network)
    #expect("\(prefix.last)" == last)
  }

  @Test(
    "a prefix contains the addresses of its network and family",
    arguments: [
      ("10.22.0.5/16", "10.22.0.0", true), ("10.22.0.5/16", "10.22.255.255", true),
      ("10.22.0.5/16", "10.23.0.0", false),
      ("10.22.0.5/16", "10.21.255.255", false), ("10.0.0.1/32", "10.0.0.1", true), ("10.0.0.1/32", "10.0.0.0", false),
      ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::", false), ("::/0", "0.0.0.0", false),
      ("fd00::/8", "fdff::1", true), ("fd00::/8", "fc00::1", false),
    ])
  func contains(text: String, address: String, expected: Bool) throws {
    let prefix = try #require(Prefix(text))
    #expect(prefix.contains(try #require(IPAddress(address))) == expected)
  }

  @Test("the prefixes with names are what they are called")
  func named() {
    #expect(Prefix.loopback4 == Prefix("127.0.0.0/8"))
    #expect(AddressFamily.allCases.map { Prefix.all($0).description } == ["0.0.0.0/0", "::/0"])
    #expect(IPAddress.loopback6 == IPAddress("::1"))
  }
}
