// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import OS
import Rules

/// A rule of iptables, without the chain that it stands in.
package struct IPTablesRule: Hashable, Sendable {
  package var source: Negatable<Prefix>?
  package var destination: Negatable<Prefix>?
  package var inputInterface: Negatable<InterfacePattern>?
  package var outputInterface: Negatable<InterfacePattern>?
  package var transport: Negatable<TransportProtocol>?
  package var matches: [RuleMatch]
  package var target: RuleTarget

  package init(
    source: Negatable<Prefix>? = nil, destination: Negatable<Prefix>? = nil,
    inputInterface: Negatable<InterfacePattern>? = nil, outputInterface: Negatable<InterfacePattern>? = nil,
    transport: Negatable<TransportProtocol>? = nil, matches: [RuleMatch] = [], target: RuleTarget
  ) {
    self.source = source
    self.destination = destination
    self.inputInterface = inputInterface
    self.outputInterface = outputInterface
    self.transport = transport
    self.matches = matches
    self.target = target
  }

  /// The rule as iptables-save prints it after the chain's name.
  package var text: String {
    var words: [String] = []
    func add<Value>(_ flag: String, _ value: Negatable<Value>?, _ text: (Value) -> String) {
      guard let value else { return }
      words.append("\(value.isNegated ? "! " : "")\(flag) \(text(value.value))")
    }
    add("-s", source) { "\($0.network)" }
    add("-d", destination) { "\($0.network)" }
    add("-i", inputInterface) { $0.text }
    add("-o", outputInterface) { $0.text }
    add("-p", transport) { $0.rawValue }
    words += matches.map(\.text)
    words.append(target.text)
    return joined(words, by: " ")
  }

  /// Adds a condition for ports; source and destination ports form one match.
  mutating func add(_ ports: Negatable<ClosedRange<UInt16>>, isSource: Bool, _ transport: TransportProtocol) {
    if !isSource, case .ports(let former)? = matches.last, former.destination == nil {
      matches.removeLast()
      matches.append(.ports(PortsMatch(transport, source: former.source, destination: ports)))
    } else {
      matches.append(
        .ports(PortsMatch(transport, source: isSource ? ports : nil, destination: isSource ? nil : ports)))
    }
  }
}

/// A value that a packet must have, or must not have.
package struct Negatable<Value> {
  package let value: Value
  package let isNegated: Bool

  package init(_ value: Value, isNegated: Bool = false) {
    self.value = value
    self.isNegated = isNegated
  }
}

// Conditional conformances: a constraint on `Value` would be looked up at run time whenever the type is instantiated.
extension Negatable: Equatable where Value: Equatable {}
extension Negatable: Hashable where Value: Hashable {}
extension Negatable: Sendable where Value: Sendable {}

/// The name of an interface, or a prefix of names.
package struct InterfacePattern: Hashable, Sendable {
  package let name: String
  package let isPrefix: Bool

  package init(_ name: String, isPrefix: Bool = false) {
    self.name = name
    self.isPrefix = isPrefix
  }

  /// The pattern as iptables prints it: a plus stands for any ending.
  package var text: String { isPrefix ? name + "+" : name }
}
