// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNIRuntime

@Suite struct Base64Tests {
  // RFC 4648, section 10.
  @Test(
    "the vectors of the RFC",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test("every byte comes back")
  func allBytes() {
    for count in 250...256 {
      let bytes = (0..<count).map { UInt8($0) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
    #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
  }

  @Test("line breaks are passed over")
  func lines() { #expect(Base64.decode("Zm9v\r\nYmFy\n") == Array("foobar".utf8)) }

  @Test("what is none is refused", arguments: ["Z", "Zg", "Zg=", "Zg=a", "Z===", "Zm-v", "Zm9v=", "=Zg="])
  func refused(text: String) { #expect(Base64.decode(text) == nil) }
}
