// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import TestSupport
import Testing

@testable import Netlink

@Suite struct TrafficFilterTests {
  private static let mark = TrafficHandle(0x5c41, 1)
  private static let qdisc = TrafficHandle(0x5c41)

  private static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  /// A filter's message as it goes to the kernel, or comes from it.
  private static func message(
    _ rule: TrafficFilter.Rule, priority: UInt16 = 1, handle: UInt32 = 0
  ) throws -> NetlinkReply {
    var header = TrafficHeader(3, parent: .ingressFilters)
    header.handle = handle
    header.info = UInt32(priority) << 16 | UInt32(rule.etherType.bigEndian)
    var message = header.message(RTM_NEWTFILTER, 0)
    rule.append(to: &message)
    return try #require(NetlinkReply.split(message.bytes(sequence: 0)).first)
  }

  private static func read(_ reply: NetlinkReply) throws -> TrafficFilter? {
    TrafficFilter(try #require(TrafficHeader(reply)), reply.attributes(after: TrafficHeader.length))
  }

  /// The attributes that hold others: the options, the actions, an action, its options.
  private static let nested: Set<[Int]> = [[2], [2, 7], [2, 7, 1], [2, 7, 1, 2]]

  private static func leaves(_ reply: NetlinkReply) -> [[Int]: [UInt8]] {
    NetlinkTests.leaves(reply.payload.dropFirst(TrafficHeader.length), nested: nested)
  }

  private static var recorded: [(recording: Recording, rule: TrafficFilter.Rule)] {
    get throws {
      [
        (.redirect, .redirect(to: 4, classID: mark)),
        (.passTo4, .pass(to: try prefix("10.1.0.0/17"), classID: mark)),
        (.passTo6, .pass(to: try prefix("fd00:1:2::/49"), classID: mark)),
        (.passToHost6, .pass(to: try prefix("fd00::5/128"), classID: mark)),
        (.passFrom4, .pass(from: try prefix("10.0.0.0/8"), classID: qdisc)),
        (.passFrom6, .pass(from: try prefix("fd00::/8"), classID: qdisc)),
      ]
    }
  }
}

// MARK: - Rules

extension TrafficFilterTests {
  @Test("a rule is sent as tc sends it")
  func golden() throws {
    #expect(TCA_OPTIONS == 2 && TCA_U32_ACT == 7)
    for (recording, rule) in try Self.recorded {
      let expected = Self.leaves(try recording.reply)
      #expect(expected.count == (rule.target == nil ? 3 : 5))
      #expect(Self.leaves(try Self.message(rule)) == expected)
    }
  }

  @Test("a rule is for the packets of its prefix's family, and a redirection for all")
  func etherTypes() throws {
    #expect(TrafficFilter.Rule.redirect(to: 4, classID: Self.mark).etherType == 3)
    for (text, type) in [("10.0.0.0/8", 0x0800), ("0.0.0.0/0", 0x0800), ("fd00::/8", 0x86dd), ("::/0", 0x86dd)] {
      #expect(TrafficFilter.Rule.pass(to: try Self.prefix(text), classID: Self.mark).etherType == UInt16(type))
      #expect(TrafficFilter.Rule.pass(from: try Self.prefix(text), classID: Self.mark).etherType == UInt16(type))
    }
  }

  @Test(
    "a prefix takes as many words as its length needs, and one that lets everything pass if it has none",
    arguments: [
      ("10.1.2.3/0", ["00000000=00000000@0"]), ("255.1.2.3/1", ["80000000=80000000@16"]),
      ("10.1.2.3/8", ["ff000000=0a000000@16"]), ("10.1.255.3/17", ["ffff8000=0a018000@16"]),
      ("10.1.2.3/31", ["fffffffe=0a010202@16"]), ("10.1.2.3/32", ["ffffffff=0a010203@16"]),
      ("fd00::5/0", ["00000000=00000000@0"]), ("fd00::5/1", ["80000000=80000000@24"]),
      ("fd00:1:2::5/32", ["ffffffff=fd000001@24"]),
      ("fd00:1:ffff::5/33", ["ffffffff=fd000001@24", "80000000=80000000@28"]),
      ("fd00:1:2:3:4::/64", ["ffffffff=fd000001@24", "ffffffff=00020003@28"]),
      (
        "fd00::5/127",
        ["ffffffff=fd000000@24", "ffffffff=00000000@28", "ffffffff=00000000@32", "fffffffe=00000004@36"]
      ),
      ("::5/128", ["ffffffff=00000000@24", "ffffffff=00000000@28", "ffffffff=00000000@32", "ffffffff=00000005@36"]),
    ])
  func keys(text: String, expected: [String]) throws {
    let prefix = try Self.prefix(text)
    func digits(_ bytes: [UInt8]) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    let keys = TrafficFilter.Rule.pass(to: prefix, classID: Self.mark).keys
    #expect(keys.map { "\(digits($0.mask))=\(digits($0.value))@\($0.offset)" } == expected)
    // A source stands before the destination.
    let size: Int32 = prefix.family == .ip ? 4 : 16
    let sources = TrafficFilter.Rule.pass(from: prefix, classID: Self.mark).keys
    #expect(sources.map(\.mask) == keys.map(\.mask))
    #expect(sources.map(\.value) == keys.map(\.value))
    #expect(sources.map(\.offset) == keys.map { prefix.length == 0 ? 0 : $0.offset - size })
  }

  /// Whether the words of a packet are what the keys say (u32_classify in net/sched/cls_u32.c).
  private static func matches(_ rule: TrafficFilter.Rule, _ packet: [UInt8]) -> Bool {
    rule.keys.allSatisfy { key in
      (0..<4).allSatisfy { (packet[Int(key.offset) + $0] ^ key.value[$0]) & key.mask[$0] == 0 }
    }
  }

  @Test("a rule is met by the packets from or to its prefix and no others", arguments: AddressFamily.allCases)
  func matches(family: AddressFamily) throws {
    var dice = SeededGenerator(4)
    let size = family.bits / 8
    for length in 0...family.bits {
      let address = try #require(IPAddress(bytes: dice.bytes(size)))
      let prefix = try #require(Prefix(address, length: length))
      let from = TrafficFilter.Rule.pass(from: prefix, classID: Self.mark)
      let to = TrafficFilter.Rule.pass(to: prefix, classID: Self.mark)
      // The address itself, with any one of its bits changed, and any others.
      var others = (0..<family.bits).map { bit in
        var bytes = address.bytes
        bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        return bytes
      }
      others += [address.bytes, prefix.network.address.bytes, prefix.last.bytes, dice.bytes(size), dice.bytes(size)]
      for bytes in others {
        let isInside = prefix.contains(try #require(IPAddress(bytes: bytes)))
        let start = family == .ip ? 12 : 8
        let noise = dice.bytes(size)
        #expect(Self.matches(from, dice.bytes(start) + bytes + noise) == isInside)
        #expect(Self.matches(to, dice.bytes(start) + noise + bytes) == isInside)
      }
    }
  }

  @Test("a redirection is met by every packet, and is the only rule with a target")
  func redirection() throws {
    let rule = TrafficFilter.Rule.redirect(to: 7, classID: Self.mark)
    var dice = SeededGenerator(5)
    for _ in 0..<100 { #expect(Self.matches(rule, dice.bytes(40))) }
    #expect(rule.target == 7)
    #expect(rule.classID == Self.mark)
    #expect(TrafficFilter.Rule.pass(to: try Self.prefix("10.0.0.0/8"), classID: Self.mark).target == nil)
  }

  @Test("rules that do another thing are not the same")
  func distinct() throws {
    var rules: [TrafficFilter.Rule] = [.redirect(to: 4, classID: Self.mark), .redirect(to: 5, classID: Self.mark)]
    for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/9", "11.0.0.0/8", "a00::/8", "fd00::/128"] {
      let prefix = try Self.prefix(text)
      rules.append(.pass(to: prefix, classID: Self.mark))
      rules.append(.pass(to: prefix, classID: Self.qdisc))
      // What no address is needed for is the same in both directions.
      if prefix.length > 0 { rules.append(.pass(from: prefix, classID: Self.mark)) }
    }
    #expect(Set(rules).count == rules.count)
  }

  @Test("a rule that was written is read, with its priority and handle")
  func roundTrip() throws {
    var rules = try Self.recorded.map(\.rule)
    for family in AddressFamily.allCases {
      var dice = SeededGenerator(6)
      for length in 0...family.bits {
        let address = try #require(IPAddress(bytes: dice.bytes(family.bits / 8)))
        let prefix = try #require(Prefix(address, length: length))
        rules += [.pass(to: prefix, classID: Self.mark), .pass(from: prefix, classID: Self.qdisc)]
      }
    }
    rules += [.redirect(to: 0, classID: Self.mark), .redirect(to: .max, classID: .root)]
    for rule in rules {
      for (priority, handle) in [(0, 0), (1, 0x8000_0800), (0xf002, 1), (.max, .max)] as [(UInt16, UInt32)] {
        let filter = try Self.read(try Self.message(rule, priority: priority, handle: handle))
        #expect(filter == TrafficFilter(rule: rule, priority: priority, handle: handle))
      }
    }
  }
}

// MARK: - Reading

extension TrafficFilterTests {
  @Test("of what the kernel lists the filters are read, in its order, and nothing else")
  func list() throws {
    let filters = try Recording.ingressFilters.map { try Self.read(try $0.reply) }
    #expect(filters.map { $0 != nil } == [false, false, true, false, false, true, true, false, false, true])
    let found = filters.compactMap { $0 }
    #expect(
      found.map(\.rule) == [
        .pass(to: try Self.prefix("10.1.0.0/17"), classID: Self.mark),
        .pass(to: try Self.prefix("fd00:1:2::/49"), classID: Self.mark),
        .pass(to: try Self.prefix("fd00::5/128"), classID: Self.mark), .redirect(to: 4, classID: Self.mark),
      ])
    #expect(found.map(\.priority) == [61_440, 61_441, 61_441, 61_442])
    #expect(found.map(\.handle) == [0x8010_0800, 0x8020_0800, 0x8020_0801, 0x8000_0800])
  }

  /// A filter with one key, whose actions are as given: a kind, what a mirred does, and the interface.
  private static func filter(
    kind: String = "u32", actions: [(kind: String, does: Int32, interface: UInt32)] = [], keys: UInt8 = 1,
    selector count: Int = 32
  ) throws -> TrafficFilter? {
    var message = TrafficHeader(3, parent: .ingressFilters).message(RTM_NEWTFILTER, 0)
    message.attribute(TCA_KIND, Array(kind.utf8) + [0])
    message.nested(TCA_OPTIONS) { options in
      options.attribute(TCA_U32_SEL, Array(([1, 0, keys] + [UInt8](repeating: 0, count: 600)).prefix(count)))
      options.nested(TCA_U32_ACT) { list in
        for (index, action) in actions.enumerated() {
          list.nested(index + 1) { item in
            item.attribute(TCA_ACT_KIND, Array(action.kind.utf8) + [0])
            item.nested(TCA_ACT_OPTIONS) { options in
              var parameters = [UInt8](repeating: 0, count: 20)
              parameters.append(integer: action.does)
              parameters.append(integer: action.interface)
              options.attribute(TCA_MIRRED_PARMS, parameters)
            }
          }
        }
      }
    }
    return try read(try #require(NetlinkReply.split(message.bytes(sequence: 0)).first))
  }

  @Test("a filter of another kind is not read", arguments: ["flower", "bpf", "matchall", "u3", "u322", ""])
  func otherKind(kind: String) throws {
    #expect(try Self.filter() != nil)
    #expect(try Self.filter(kind: kind) == nil)
  }

  @Test("the target is that of the first action that sends packets out through an interface")
  func target() throws {
    let redirect = TCA_EGRESS_REDIR, mirror = TCA_EGRESS_MIRROR, receive = TCA_INGRESS_REDIR
    #expect(try #require(try Self.filter()).rule.target == nil)
    for (actions, expected) in [
      ([("mirred", redirect, 4)], 4), ([("mirred", mirror, 4)], nil), ([("mirred", receive, 4)], nil),
      ([("gact", redirect, 4)], nil), ([("gact", 0, 0), ("mirred", redirect, 5)], 5),
      // The peer's filters have two.
      ([("mirred", redirect, 4), ("mirred", redirect, 5)], 4), ([("mirred", mirror, 4), ("mirred", redirect, 5)], 5),
    ] as [([(String, Int32, UInt32)], UInt32?)] {
      let filter = try #require(
        try Self.filter(actions: actions.map { (kind: $0.0, does: $0.1, interface: $0.2) }))
      #expect(filter.rule.target == expected)
    }
  }

  @Test("a filter with fewer keys than it says is none", arguments: [0, 1, 2, 35, 255] as [UInt8])
  func missingKeys(keys: UInt8) throws {
    // The last four bytes of a key, which only variable headers need, may be missing.
    let least = max(3, keys == 0 ? 3 : 12 + 16 * Int(keys))
    for count in 0...603 {
      let filter = try Self.filter(keys: keys, selector: count)
      #expect((filter != nil) == (count >= least))
      if let filter { #expect(filter.rule.keys.count == Int(keys)) }
    }
  }

  @Test("a filter without a class has none")
  func noClass() throws {
    #expect(try Self.filter()?.rule.classID == TrafficHandle(0))
  }

  @Test("a message that is cut short at any byte is a filter or none, and never another one")
  func truncated() throws {
    for recording in Recording.ingressFilters + (try Self.recorded.map(\.recording)) {
      let whole = try Self.read(try recording.reply)
      for count in 0..<recording.bytes.count - 16 {
        let reply = try recording.reply(prefix: count)
        guard let header = TrafficHeader(reply) else { continue }
        let filter = TrafficFilter(header, reply.attributes(after: TrafficHeader.length))
        #expect(filter == nil || filter == whole)
      }
    }
  }

  @Test("options that are cut short at any byte end")
  func truncatedOptions() throws {
    for recording in [Recording.redirect, .passToHost6] + Recording.ingressFilters {
      let options = Array(try recording.reply.attributes(after: TrafficHeader.length)[Int(TCA_OPTIONS)] ?? [])
      for count in 0...options.count {
        var message = TrafficHeader(3, parent: .ingressFilters).message(RTM_NEWTFILTER, 0)
        message.attribute(TCA_KIND, Array("u32".utf8) + [0])
        message.attribute(TCA_OPTIONS, Array(options.prefix(count)))
        _ = try Self.read(try #require(NetlinkReply.split(message.bytes(sequence: 0)).first))
      }
    }
  }

  @Test("whatever bytes come, reading them ends")
  func noise() throws {
    var dice = SeededGenerator(7)
    let whole = try Self.message(.redirect(to: 4, classID: Self.mark)).bytes
    for _ in 0..<5000 {
      var bytes = whole
      for _ in 0...Int(dice.next() % 6) { bytes[Int.random(in: 16..<bytes.count, using: &dice)] = dice.bytes(1)[0] }
      _ = try Self.read(try #require(NetlinkReply.split(bytes).first))
    }
  }
}

// MARK: - What any process may ask

extension TrafficFilterTests {
  @Test("an interface that is missing has no filters")
  func missing() throws {
    let socket = try RouteSocket.open()
    let found = try socket.filters(of: missingInterface, at: .ingressFilters)
    #expect(found.u32.isEmpty)
    #expect(found.priorities.isEmpty)
  }

  @Test("to remove nothing asks the kernel for nothing, and what is gone is no error")
  func removeNothing() throws {
    let socket = try RouteSocket.open()
    try socket.remove([], among: [], of: missingInterface, at: .ingressFilters)
    let filter = TrafficFilter(rule: .redirect(to: 4, classID: Self.mark), priority: 1, handle: 1)
    try ifPrivileged { () throws(NetlinkError) in
      try socket.remove([filter], among: [filter], of: missingInterface, at: .ingressFilters)
    }
  }

  @Test("a filter for an interface that is missing is an error with its index")
  func addToMissing() throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) {
      try socket.add(.redirect(to: 4, classID: Self.mark), priority: 1, to: missingInterface, at: .ingressFilters)
    }
    expectNoDevice(error, "add a filter to the interface with index \(missingInterface)")
  }
}
