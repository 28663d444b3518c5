// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import Testing

@Suite struct SHA512Tests {
  /// The first three: NIST, "SHA-512" examples; all: sha512sum.
  private static let vectors: [(text: String, digest: String)] = [
    (
      "",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
    ),
    (
      "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
        + "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"
    ),
    (
      "nü🐳",
      "fbc6e59f3f6d9d8df6536f23a31851f3f4905e75a7f3470b02d4cca763c29acf"
        + "cba6d262fdb6dc74fd0d11637d28fe030fd71b31a2e01494b88d385006e47934"
    ),
  ]

  @Test("a text has the digest that others compute", arguments: vectors.indices)
  func vector(index: Int) {
    #expect(sha512(Self.vectors[index].text) == Self.vectors[index].digest)
  }
}
