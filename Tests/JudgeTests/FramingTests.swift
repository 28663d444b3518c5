// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import FramingSupport
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("the framing of netlink messages, as libmnl walks it")
struct FramingTests {
  /// Everything that a feature makes on a host that has nothing, and what asks for and deletes each kind of object.
  private static func messages(_ feature: Feature) -> [NetlinkMessage] {
    let element = Element("s", key: [1, 2, 3], data: [4], comment: Comment(text: "odd"))
    return Structure(feature, feature.samples()).all()
      + [
        Table.own.get(), Table.own.get(chain: "c"), Table.own.listChains(), Table.own.delete(chain: "c"),
        Table.own.flush(chain: "chain"),
        Table.own.listRules(),
        Table.own.get(set: "s"), Table.own.listSets(), Table.own.delete(set: "s"), Table.own.get(element.id),
        Table.own.list(elementsOf: "s"),
      ] + Table.own.add([element, element], exclusively: true, timeout: 1) + Table.own.delete([element])
  }

  @Test(
    "libmnl walks a batch of all messages of nf_tables from its begin to its end",
    arguments: [Feature.ports, .firewall])
  func batch(feature: Feature) {
    let messages = [.batchBegin(generation: 7)] + Self.messages(feature) + [.batchEnd()]
    let bytes = messages.enumerated().flatMap { $1.bytes(sequence: UInt32($0)) }
    #expect(Framing.netfilter.problems(bytes) == [])
  }

  @Test("every type of message of nf_tables is among those walked")
  func complete() {
    let walked = Set(Self.messages(.ports).map { UInt32($0.type & 0xff) })
    let types = [
      NFT_MSG_NEWTABLE, NFT_MSG_GETTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_GETCHAIN, NFT_MSG_DELCHAIN,
      NFT_MSG_NEWRULE,
      NFT_MSG_GETRULE, NFT_MSG_DELRULE, NFT_MSG_NEWSET, NFT_MSG_GETSET, NFT_MSG_DELSET,
      NFT_MSG_NEWSETELEM,
      NFT_MSG_GETSETELEM, NFT_MSG_DELSETELEM,
    ]
    #expect(walked == Set(types.map(\.rawValue)))
  }

  @Test("a batch begins and ends as libnftnl begins and ends one")
  func marks() {
    func built(_ build: (UnsafeMutablePointer<CChar>?, UInt32) -> UnsafeMutablePointer<nlmsghdr>?)
      -> [UInt8]
    {
      var buffer = [CChar](repeating: 0, count: 64)
      return buffer.withUnsafeMutableBufferPointer { buffer in
        let header = build(buffer.baseAddress, 9)
        return buffer.prefix(Int(header?.pointee.nlmsg_len ?? 0)).map { UInt8(bitPattern: $0) }
      }
    }
    #expect(
      built(nftnl_batch_begin) == NetlinkMessage.batchBegin(generation: nil).bytes(sequence: 9))
    #expect(built(nftnl_batch_end) == NetlinkMessage.batchEnd().bytes(sequence: 9))
  }

  @Test("the walk finds what is framed wrongly")
  func wrong() {
    var message = NetlinkMessage(nfTables: NFT_MSG_NEWTABLE, family: 1)
    message.nested(1) { $0.attribute(2, text: "abcd") }
    let bytes = message.bytes(sequence: 1)
    #expect(Framing.netfilter.problems(bytes) == [])
    func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
      var changed = bytes
      changed[index] = value
      return changed
    }
    #expect(!Framing.netfilter.problems(changed(0, bytes[0] - 4)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(0, bytes[0] + 4)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(20, bytes[20] - 4)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(20, bytes[20] + 4)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(24, bytes[24] + 8)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(24, 3)).isEmpty)
    #expect(!Framing.netfilter.problems(changed(bytes.count - 1, 1)).isEmpty)
    #expect(!Framing.netfilter.problems(Array(bytes.dropLast(4))).isEmpty)
  }
}
