// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Testing

@testable import NFTables
@testable import Netlink

extension Expression {
  /// Some of every kind, each different from all others.
  static let samples: [Expression] =
    [
      .meta(NFT_META_IIFNAME), .meta(NFT_META_MARK), .meta(NFT_META_MARK, into: Register(slot: 5)),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4),
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: 12, length: 4),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 16, length: 4),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 2),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4, into: Register(slot: 1)),
      .destinationType, .connection(NFT_CT_STATUS), .connection(NFT_CT_STATE), .originalPort(into: .first),
      .originalPort(into: Register(slot: 3)), .mask([255, 255, 0, 0]), .mask([255, 255, 255, 0]),
      .mask([255, 255, 0, 0], in: Register(slot: 2)),
      .bitwise(mask: [255, 255, 0, 0], xor: [0, 0, 1, 0]), .bitwise(mask: [255, 255, 0, 0], xor: [0, 1, 0, 0]),
      .bitwise(mask: [255, 254, 0, 0], xor: [0, 0, 1, 0]), .setMeta(NFT_META_MARK), .setMeta(NFT_META_PRIORITY),
      .compare([6]), .compare([6], isNegated: true),
      .compare([0x1f, 0x90]), .compare(Array("eth0".utf8) + [UInt8](repeating: 0, count: 12)),
      .compare([UInt8](1...16)), .range([0, 1], [0, 2]), .range([0, 1], [0, 3]),
      .range([0, 1], [0, 2], isNegated: true), .lookup("a"), .lookup("b"), .lookup("a", isNegated: true),
      .lookup("a", loadsData: true), .counter, .accept, .drop, .return, .jump("a"), .jump("b"), .goto("a"),
    ] + AddressFamily.allCases.map { .destinationNAT($0) } + [
      .masquerade, .masqueradeKeepingPort, .match(name: "m", revision: 1, payload: [UInt8](1...8)),
      .match(name: "m", revision: 2, payload: [UInt8](1...8)), .target(name: "m", revision: 1, payload: [UInt8](1...8)),
      .target(name: "n", revision: 1, payload: [UInt8](1...16)),
    ]
}

/// An expression as it is on the wire.
struct WireStep {
  let kind: String
  private let attributes: Attributes

  init(_ expression: Expression) throws {
    let elements = Array(AttributeList(Expression.encoded([expression])[...]))
    try #require(elements.map(\.type) == [Int(NFTA_LIST_ELEM.rawValue)])
    let element = Attributes(elements[0].value)
    kind = element[Int(NFTA_EXPR_NAME.rawValue)]?.text ?? ""
    attributes = element.nested(Int(NFTA_EXPR_DATA.rawValue))
  }

  /// A number of 32 bits in network byte order; nil if there is none.
  func number<T: RawRepresentable<UInt32>>(_ type: T) -> UInt32? {
    attributes[Int(type.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
  }

  /// The bytes of a value.
  func value<T: RawRepresentable<UInt32>>(_ type: T) -> [UInt8]? {
    attributes.nested(Int(type.rawValue))[Int(NFTA_DATA_VALUE.rawValue)].map { Array($0) }
  }

  func bytes<T: RawRepresentable<UInt32>>(_ type: T) -> [UInt8]? { attributes[Int(type.rawValue)].map { Array($0) } }

  func text<T: RawRepresentable<UInt32>>(_ type: T) -> String? { attributes[Int(type.rawValue)]?.text }

  func nested<T: RawRepresentable<UInt32>>(_ type: T) -> Attributes { attributes.nested(Int(type.rawValue)) }
}
