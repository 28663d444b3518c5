// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables

@Suite struct SetObjectTests {
  private static func number(_ attributes: Attributes, _ type: nft_set_attributes) -> UInt32? {
    attributes[Int(type.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
  }

  @Test("a map of concatenations has nft's types and the lengths of their parts")
  func map() throws {
    let attributes = try Part.hostAddressPorts(.ip6).message().attributes()
    #expect(attributes[Int(NFTA_SET_NAME.rawValue)]?.text == "hostip_hostports6")
    // NFT_SET_MAP | NFT_SET_TIMEOUT
    #expect(Self.number(attributes, NFTA_SET_FLAGS) == 0x18)
    #expect(Self.number(attributes, NFTA_SET_KEY_TYPE) == 0x830d)  // 8, 12, 13 in six bits each
    #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == 24)
    #expect(Self.number(attributes, NFTA_SET_DATA_TYPE) == 0x20d)
    #expect(Self.number(attributes, NFTA_SET_DATA_LEN) == 20)
  }

  @Test("a set has no data, and elements of intervals do not expire")
  func set() throws {
    let attributes = try SetObject(name: "s", key: [.ipv4Address], isInterval: true).message().attributes()
    #expect(Self.number(attributes, NFTA_SET_FLAGS) == 4)  // NFT_SET_INTERVAL
    #expect(Self.number(attributes, NFTA_SET_KEY_TYPE) == 7)
    #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == 4)
    #expect(Self.number(attributes, NFTA_SET_DATA_TYPE) == nil)
    #expect(Self.number(attributes, NFTA_SET_DATA_LEN) == nil)
  }

  @Test(
    "a part alone has its own length, one of several is padded",
    arguments: [
      ([.internetProtocol], 1), ([.internetService], 2), ([.ipv4Address], 4), ([.ipv6Address], 16),
      ([.interfaceName], 16), ([.internetProtocol, .internetService], 8), ([.internetService, .ipv6Address], 20),
    ] as [([DataType], UInt32)])
  func keyLength(key: [DataType], length: UInt32) throws {
    #expect(Self.number(try SetObject(name: "s", key: key).message().attributes(), NFTA_SET_KEY_LEN) == length)
  }

  @Test("the keys of our sets are as long as the elements that stand in them", arguments: AddressFamily.allCases)
  func lengths(family: AddressFamily) throws {
    let forward = try Sample.forward(family, if: try Sample.conditions(family))
    let masquerade = Masquerade(hostPort: 8080, destination: forward.destination, source: .all(family))
    let local = try Sample.forward(family, on: family == .ip ? "192.0.2.1" : "2001:db8::1", if: forward.conditions)
    let address = forward.destination.address
    let rules: [(part: Part, rules: [Rule], sets: Int)] = [
      (.ports, [.forwardPort(forward), .forwardPort(local), .masquerade(masquerade)], 6),
      (
        .firewall,
        [
          .acceptForwarded(ForwardAccept(address)), .isolate(Isolation(bridge: "cni0", .isolated)),
          .restrict(Restriction(.address(address), try Sample.denied(family))), .dropInvalid(.address(address)),
        ], 8
      ),
    ]
    for (part, rules, count) in rules {
      let layout = Layout(OwnedRules(owner: Sample.owner, rules: rules), part)
      let sets = part.sets + layout.branches.flatMap(\.sets) + layout.shared.map(\.members)
      let elements = layout.elements + layout.shared.map(\.element) + layout.branches.flatMap(\.fixtures)
      #expect(Set(elements.map(\.place.set)).count == count + layout.branches.filter { !$0.fixtures.isEmpty }.count)
      for element in elements {
        let attributes = try #require(sets.first { $0.name == element.place.set }).message().attributes()
        #expect(Self.number(attributes, NFTA_SET_KEY_LEN) == UInt32(element.place.key.count))
        #expect(Self.number(attributes, NFTA_SET_DATA_LEN) ?? 0 == UInt32(element.data.count))
      }
    }
  }

  @Test("the name of a set of ours is read, of another table's not")
  func read() throws {
    #expect(SetObject.read(try Part.ports.attachments.message().received()) == "attachments")
    #expect(SetObject.read(try SetObject.delete("x").received()) == "x")
    var other = NetlinkMessage(nft: NFT_MSG_NEWSET)
    other.attribute(NFTA_SET_TABLE.rawValue, text: "filter")
    other.attribute(NFTA_SET_NAME.rawValue, text: "x")
    #expect(SetObject.read(try other.received()) == nil)
    #expect(SetObject.list().bytes(sequence: 0)[4...7] == [10, 10, 1, 3])
  }

  @Test("a question and a deletion name table and set")
  func about() throws {
    for (message, type) in [(SetObject.get("x"), NFT_MSG_GETSET), (SetObject.delete("x"), NFT_MSG_DELSET)] {
      let attributes = try message.attributes()
      #expect(attributes[Int(NFTA_SET_TABLE.rawValue)]?.text == "swift_cni")
      #expect(attributes[Int(NFTA_SET_NAME.rawValue)]?.text == "x")
      #expect(message.bytes(sequence: 0)[4...7] == [UInt8(type.rawValue), 10, 1, 0])
    }
  }
}
