// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct PortQueueTests {
  private static let port = HostPort(family: .ip, transport: .tcp, port: 8080, address: nil)

  private static func claim(_ owner: String, _ note: String = "") -> PortQueue.Claim {
    PortQueue.Claim(element(owner, note))
  }

  private static func element(_ owner: String, _ note: String = "") -> Element {
    let tag = AttachmentTag(text: "net/\(owner.prefix(1))/\(owner)")
    return Element(Element.ID(port), data: Array(owner.utf8), comment: Comment(tag, note))
  }

  /// The owners, such as `a0` for interface 0 of container a; the last has the port.
  private static func queue(_ owners: [String]) -> PortQueue {
    PortQueue(port, serving: owners.last.map { element($0) }, waiting: owners.dropLast().map { element($0) })
  }

  private static func owners(_ queue: PortQueue) -> [String] {
    (queue.waiting + [queue.serving].compactMap { $0 }).map { String(decoding: $0.data, as: UTF8.self) }
  }

  @Test(
    "between containers the last has the port; of one container the first keeps it, and the others wait in their order",
    arguments: [
      ([], "a0", ["a0"]), (["a0"], "b0", ["a0", "b0"]), (["a0", "b0"], "c0", ["a0", "b0", "c0"]),
      (["a0"], "a1", ["a1", "a0"]), (["a1", "a0"], "a2", ["a2", "a1", "a0"]),
      (["b0", "a0"], "a1", ["b0", "a1", "a0"]),
      // Repeated: the serving claim stays, one that waits behind its own container stays, and a displaced one takes the port.
      (["a0"], "a0", ["a0"]), (["a1", "a0"], "a1", ["a1", "a0"]), (["a0", "b0"], "a0", ["b0", "a0"]),
      (["a1", "a0", "b0"], "a1", ["a0", "b0", "a1"]),
    ] as [([String], String, [String])])
  func add(before: [String], owner: String, after: [String]) {
    var queue = Self.queue(before)
    queue.add(Self.claim(owner))
    #expect(Self.owners(queue) == after)
  }

  @Test(
    "the port returns to its former owner; a removed claim leaves no gap in the ranks",
    arguments: [
      (["a0"], "a0", []), (["a0", "b0"], "b0", ["a0"]), (["a0", "b0", "c0"], "c0", ["a0", "b0"]),
      (["a0", "b0", "c0"], "a0", ["b0", "c0"]), (["a0", "b0", "c0"], "b0", ["a0", "c0"]), (["a1", "a0"], "a0", ["a1"]),
      (["a0", "b0"], "d0", ["a0", "b0"]),
    ] as [([String], String, [String])])
  func remove(before: [String], owner: String, after: [String]) {
    var queue = Self.queue(before)
    queue.remove { $0.text.hasSuffix(owner) }
    #expect(Self.owners(queue) == after)
    #expect(queue.elements.map(\.id) == Self.queue(after).elements.map(\.id))
  }

  @Test("several owners may go at once")
  func removeSeveral() {
    var queue = Self.queue(["a0", "b0", "c0", "d0"])
    queue.remove { !$0.text.hasSuffix("b0") }
    #expect(Self.owners(queue) == ["b0"])
  }

  @Test(
    "a failed change is undone, whatever others have changed meanwhile",
    arguments: [
      (["a0"], "b0", ["a0", "b0"], ["a0"]), ([], "a0", ["a0"], []),
      // The displaced claim that claims again was before the one that displaced it.
      (["a0", "b0"], "a0", ["b0", "a0"], ["a0", "b0"]),
      // Other claims were added or removed.
      (["a0"], "b0", ["a0", "b0", "c0"], ["a0", "c0"]), (["a0"], "b0", ["b0"], []),
      (["a0", "b0"], "a0", ["b0", "a0", "c0"], ["a0", "b0", "c0"]), (["a0", "b0"], "a0", ["a0", "c0"], ["c0", "a0"]),
    ] as [([String], String, [String], [String])])
  func restore(before: [String], owner: String, now: [String], expected: [String]) throws {
    let former = Self.queue(before)
    var after = former
    after.add(Self.claim(owner))
    var queue = Self.queue(now)
    let tag = try #require(Self.element(owner).comment?.owner)
    queue.restore(tag, from: former, after)
    #expect(Self.owners(queue) == expected)
  }

  @Test("a serving claim with conditions is in their set; a waiting one is not, but is counted as if")
  func conditions() throws {
    var queue = PortQueue(Self.port, serving: Self.element("a0", "12_34"), waiting: [])
    let place = try #require(queue.conditionsID)
    #expect(place == Element.ID(set: "conditions4_12_34", key: Element.ID(Self.port).key))
    #expect(queue.elements.map(\.id) == [place, Element.ID(Self.port)])
    #expect(queue.elements.recordedCount == 2)
    queue.add(Self.claim("b0"))
    #expect(queue.elements.map(\.id.set) == ["waiting_hostports4", "hostports4"])
    #expect([queue.elements[0]].recordedCount == 2)
    queue.suspend()
    #expect(queue.elements.allSatisfy { $0.id.isWaiting } && queue.elements.count == 2)
  }

  @Test("the host port is read from the key of a waiting mapping", arguments: [nil, "192.0.2.1", "2001:db8::1"])
  func places(address: String?) throws {
    let host = try address.map { try Sample.address($0) }
    for family in [host?.family ?? .ip] {
      let port = HostPort(family: family, transport: .udp, port: 53, address: host)
      for rank in [0, 1, 255, 256, 65_535] as [UInt16] {
        #expect(Element.ID(port, rank: rank).hostPort == port)
        #expect(Element.ID(port, rank: rank).isWaiting)
      }
      #expect(!Element.ID(port).isWaiting)
    }
  }
}
