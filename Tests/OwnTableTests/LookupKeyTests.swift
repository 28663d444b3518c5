// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct LookupKeyTests {
  /// The slots that loads fill: each value and its first slot.
  private static func slots(_ key: LookupKey) -> [String] {
    key.loads.compactMap { step in
      switch step {
      case .meta(NFT_META_L4PROTO, let register): "l4proto@\(register.slot)"
      case .meta(NFT_META_NFPROTO, .first), .compare: nil
      case .payload(NFT_PAYLOAD_TRANSPORT_HEADER, let offset, 2, let register): "port+\(offset)@\(register.slot)"
      case .payload(NFT_PAYLOAD_NETWORK_HEADER, let offset, _, let register): "address+\(offset)@\(register.slot)"
      case .originalPort(let register): "original@\(register.slot)"
      case .mask(_, let register): "mask@\(register.slot)"
      default: "unexpected \(step.kind)"
      }
    }
  }

  @Test("each part of a key is loaded right after the part before it")
  func registers() {
    #expect(Self.slots(.hostPort) == ["l4proto@0", "port+2@1"])
    #expect(Self.slots(.hostAddressPort(.ip)) == ["address+16@0", "l4proto@1", "port+2@2"])
    #expect(Self.slots(.hostAddressPort(.ip6)) == ["address+24@0", "l4proto@4", "port+2@5"])
  }

  @Test(
    "the key of masquerading also has the original port and the masked source",
    arguments: TransportProtocol.allCases
  )
  func masquerade(transport: TransportProtocol) {
    // The first load is compared with the protocol, so that nft knows the type of the port.
    #expect(
      Self.slots(.masquerade(.ip, transport, length: 16)) == [
        "l4proto@0", "address+16@0", "l4proto@1", "port+2@2", "original@3", "address+12@4", "mask@4",
      ])
    #expect(
      Self.slots(.masquerade(.ip6, transport, length: 64)) == [
        "l4proto@0", "address+24@0", "l4proto@4", "port+2@5", "original@6", "address+8@7", "mask@7",
      ])
    let loads = LookupKey.masquerade(.ip, transport, length: 16).loads
    #expect(loads.filter { $0.kind == "cmp" } == [.compare([AddressFamily.ip.number]), .compare([transport.number])])
  }

  @Test("a whole address needs no mask", arguments: AddressFamily.allCases)
  func noMask(family: AddressFamily) {
    func masks(_ length: Int) -> [[UInt8]] {
      LookupKey.masquerade(family, .tcp, length: length).loads.compactMap {
        if case .mask(let mask, _) = $0 { mask } else { nil }
      }
    }
    #expect(masks(family.bits).isEmpty)
    #expect(masks(9) == [[255, 128] + [UInt8](repeating: 0, count: family.bits / 8 - 2)])
  }

  @Test("a key with an address is for packets of its family only", arguments: AddressFamily.allCases)
  func family(family: AddressFamily) {
    for key in [LookupKey.hostAddressPort(family), .masquerade(family, .udp, length: 0)] {
      #expect(key.loads.prefix(2) == [.meta(NFT_META_NFPROTO), .compare([family.number])])
    }
  }
}
