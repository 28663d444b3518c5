// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables
@testable import Netlink

/// A step of a rule as its message says it to the kernel.
struct WireStep {
  let kind: String
  private let attributes: Attributes

  init(_ item: ArraySlice<UInt8>) {
    let step = Attributes(item)
    kind = step[Int(NFTA_EXPR_NAME.rawValue)]?.text ?? ""
    attributes = step.nested(Int(NFTA_EXPR_DATA.rawValue))
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

extension NetlinkMessage {
  /// The message as whoever it is sent to takes it from the wire.
  func received() throws -> NetlinkReply {
    let replies = NetlinkReply.split(bytes(sequence: 7))
    try #require(replies.count == 1)
    return replies[0]
  }

  /// The attributes of a message of nf_tables.
  func attributes() throws -> Attributes { try received().attributes(after: 4) }
}

extension RuleObject {
  /// The steps as they are on the wire.
  func wireSteps() throws -> [WireStep] {
    let list = try message().attributes()[Int(NFTA_RULE_EXPRESSIONS.rawValue)]
    return AttributeList(try #require(list)).map { WireStep($0.value) }
  }

  /// The text of the rule after it went over the wire.
  func rereadText() throws -> String { RuleHandle(try message().received()).text }
}

/// The one step of a rule that has only this expression.
func wire(_ expression: any Expression) throws -> WireStep {
  let steps = try RuleObject("chain", [expression]).wireSteps()
  try #require(steps.count == 1)
  #expect(steps[0].kind == expression.kind)
  return steps[0]
}

/// Expects that each expression is the same after it went over the wire, and none like another.
func expectRoundTrip(_ expressions: [any Expression], sourceLocation: SourceLocation = #_sourceLocation) throws {
  var texts: Set<String> = []
  for expression in expressions {
    let rule = RuleObject("chain", [expression])
    let text = rule.text
    #expect(text.hasPrefix("\(expression.kind) "), sourceLocation: sourceLocation)
    #expect(try rule.rereadText() == text, sourceLocation: sourceLocation)
    texts.insert(text)
  }
  #expect(texts.count == expressions.count, sourceLocation: sourceLocation)
}
