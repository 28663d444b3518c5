// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@Suite struct MACAddressTests {
  @Test(
    "an address is read in any case, with colons, hyphens or dots, and printed in lower case with colons",
    arguments: [
      ("02:00:00:00:00:01", "02:00:00:00:00:01", [2, 0, 0, 0, 0, 1]),
      ("0A:bC:Ff:10:00:9f", "0a:bc:ff:10:00:9f", [0x0a, 0xbc, 0xff, 0x10, 0, 0x9f]),
      ("0A-BC-FF-10-00-9F", "0a:bc:ff:10:00:9f", [0x0a, 0xbc, 0xff, 0x10, 0, 0x9f]),
      ("0aBc.fF10.009f", "0a:bc:ff:10:00:9f", [0x0a, 0xbc, 0xff, 0x10, 0, 0x9f]),
      ("00:00:00:00:00:00", "00:00:00:00:00:00", [0, 0, 0, 0, 0, 0]),
      ("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff", [255, 255, 255, 255, 255, 255]),
    ] as [(String, String, [UInt8])])
  func readAndPrinted(text: String, usual: String, bytes: [UInt8]) throws {
    let address = try #require(MACAddress(text))
    #expect(address.bytes == bytes)
    #expect("\(address)" == usual)
    #expect(MACAddress(usual) == address)
    #expect(MACAddress(bytes: bytes) == address)
  }

  @Test(
    "a text that is no address is refused",
    arguments: [
      "", ":", "-", ":::::", "02", "02:00:00:00:00", "02:00:00:00:00:01:02", "02:00:00:00:00:01:", ":02:00:00:00:00:01",
      "2:0:0:0:0:1", "002:00:00:00:00:01", "02:00:00:00:00:0g", "02:00:00:00:00:+1", "02:00:00:00:00:0x",
      "020000000001",
      "0200.0000", "0200.0000.0001.0002", "0200.0000.001", "0200.0000.00:01", "02.00.00.00.00.01", "020.0000.00001",
      "..",
      "0200.0000.000g", "02:00-00:00:00:01", "02-00-00-00-00:01", " 02:00:00:00:00:01", "02:00:00:00:00:01\n",
      "02:00:00:00:00:01\0", "02 00 00 00 00 01", "02::00:00:00:01", "02:00:00:00:00:é", "02:00:00:00:00:０１",
      "02:00:00:00:00:00:00:01", "eth0",
    ])
  func refused(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test("six bytes are an address, and no other number of them", arguments: [0, 1, 5, 6, 7, 8, 20])
  func length(count: Int) {
    #expect((MACAddress(bytes: [UInt8](repeating: 2, count: count)) != nil) == (count == 6))
  }

  @Test(
    "an interface can have it unless it is all zeros or a group's",
    arguments: [
      ("02:00:00:00:00:01", true), ("00:00:00:00:00:01", true), ("fe:ff:ff:ff:ff:ff", true),
      ("00:00:00:00:00:00", false), ("01:00:00:00:00:00", false), ("01:00:5e:00:00:01", false),
      ("33:33:00:00:00:01", false), ("ff:ff:ff:ff:ff:ff", false), ("03:00:00:00:00:01", false),
    ])
  func unicast(text: String, expected: Bool) throws {
    #expect(try #require(MACAddress(text)).isUnicast == expected)
  }
}
