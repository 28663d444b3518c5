// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules

/// An error at a word of a rule.
package struct RuleSyntaxError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

extension IPTablesRule {
  /// Parses the words of iptables' command line, without `-A CHAIN`; a rule without `-j` gets the given target. Throws an error
  /// that names the first word that this program does not support there.
  package init(
    _ words: [String], _ family: AddressFamily, target: RuleTarget = .return
  ) throws(RuleSyntaxError) {
    var parser = RuleParser(words: words[...], family: family, rule: IPTablesRule(target: target))
    try parser.parse()
    self = parser.rule
  }
}

private struct RuleParser {
  var words: ArraySlice<String>
  let family: AddressFamily
  var rule: IPTablesRule

  mutating func parse() throws(RuleSyntaxError) {
    while let word = words.popFirst() {
      let isNegated = word == "!"
      let flag = isNegated ? try value(of: word) : word
      try requireOnce(flag)
      switch flag {
      case "-s", "--source", "--src": rule.source = try prefix(flag, isNegated)
      case "-d", "--destination", "--dst": rule.destination = try prefix(flag, isNegated)
      case "-i", "--in-interface": rule.inputInterface = Negatable(try interface(flag), isNegated: isNegated)
      case "-o", "--out-interface": rule.outputInterface = Negatable(try interface(flag), isNegated: isNegated)
      case "-p", "--protocol": rule.transport = Negatable(try transport(flag), isNegated: isNegated)
      case "-m", "--match": try requireKnownMatch(isNegated)
      case "-j", "--jump": rule.target = try target(isNegated)
      default: try option(flag, isNegated)
      }
    }
  }

  /// Throws if one of these options, which a rule has only once, is given again.
  private func requireOnce(_ flag: String) throws(RuleSyntaxError) {
    let isTaken: Bool
    switch flag {
    case "-s", "--source", "--src": isTaken = rule.source != nil
    case "-d", "--destination", "--dst": isTaken = rule.destination != nil
    case "-i", "--in-interface": isTaken = rule.inputInterface != nil
    case "-o", "--out-interface": isTaken = rule.outputInterface != nil
    case "-p", "--protocol": isTaken = rule.transport != nil
    default: isTaken = false
    }
    if isTaken { throw RuleSyntaxError(description: "\"\(flag)\" is given twice") }
  }

  private mutating func option(_ flag: String, _ isNegated: Bool) throws(RuleSyntaxError) {
    switch flag {
    case "--sport", "--source-port": try addPorts(Negatable(try range(flag), isNegated: isNegated), isSource: true)
    case "--dport", "--destination-port":
      try addPorts(Negatable(try range(flag), isNegated: isNegated), isSource: false)
    case "--sports", "--source-ports": try addMultiport(.source, flag, isNegated)
    case "--dports", "--destination-ports": try addMultiport(.destination, flag, isNegated)
    case "--ports": try addMultiport(.either, flag, isNegated)
    case "--mark":
      let (value, mask) = try mark(flag)
      rule.matches.append(.mark(MarkMatch(value, mask: mask ?? .max, isNegated: isNegated)))
    case "--src-type": addType(source: Negatable(try addressType(flag), isNegated: isNegated), nil)
    case "--dst-type": addType(source: nil, Negatable(try addressType(flag), isNegated: isNegated))
    case "--comment" where !isNegated: rule.matches.append(.comment(CommentMatch(try comment(flag))))
    case "--ctstate": rule.matches.append(.connection(ConntrackMatch(try states(flag), isNegated: isNegated)))
    default: throw unknown(isNegated ? "! \(flag)" : flag)
    }
  }

  // MARK: - Values

  private mutating func value(of flag: String) throws(RuleSyntaxError) -> String {
    guard let value = words.popFirst(), value != "!" else {
      throw RuleSyntaxError(description: "\"\(flag)\" needs a value")
    }
    return value
  }

  private func unknown(_ words: String) -> RuleSyntaxError {
    RuleSyntaxError(description: "\"\(words)\" is not supported here")
  }

  private func bad(_ flag: String, _ value: String, _ expected: String) -> RuleSyntaxError {
    RuleSyntaxError(description: "\"\(flag) \(value)\": expected \(expected)")
  }

  /// Nil for a prefix of all addresses, which is no condition.
  private mutating func prefix(_ flag: String, _ isNegated: Bool) throws(RuleSyntaxError) -> Negatable<Prefix>? {
    let text = try value(of: flag)
    guard let prefix = Prefix(addressOrPrefix: text), prefix.family == family else {
      throw bad(flag, text, "an \(family.title) address or prefix")
    }
    if prefix.length == 0 {
      if isNegated { throw bad("! \(flag)", text, "a prefix that is not all addresses") }
      return nil
    }
    return Negatable(prefix.network, isNegated: isNegated)
  }

  private mutating func interface(_ flag: String) throws(RuleSyntaxError) -> InterfacePattern {
    let text = try value(of: flag)
    let isPrefix = text.hasSuffix("+")
    let name = isPrefix ? String(text.dropLast()) : text
    // IFNAMSIZ includes a NUL; a plus alone would be no condition.
    guard (1...15).contains(name.utf8.count), !name.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") })
    else {
      throw bad(flag, text, "the name of an interface, or its beginning and \"+\"")
    }
    return InterfacePattern(name, isPrefix: isPrefix)
  }

  private mutating func transport(_ flag: String) throws(RuleSyntaxError) -> TransportProtocol {
    let text = try value(of: flag)
    guard let transport = TransportProtocol(rawValue: text.lowercased()) else {
      throw bad(flag, text, "tcp, udp or sctp")
    }
    return transport
  }

  private mutating func requireKnownMatch(_ isNegated: Bool) throws(RuleSyntaxError) {
    let name = try value(of: "-m")
    let known = ["tcp", "udp", "sctp", "multiport", "mark", "addrtype", "comment", "conntrack"]
    // The match is built from the options that follow.
    guard !isNegated, known.contains(name) else { throw unknown("\(isNegated ? "! " : "")-m \(name)") }
    // Upstream writes "-p" before the conditions, so a match of a protocol may come without it.
    if rule.transport == nil, let transport = TransportProtocol(rawValue: name) {
      rule.transport = Negatable(transport)
    }
  }

  private mutating func range(_ flag: String) throws(RuleSyntaxError) -> ClosedRange<UInt16> {
    let text = try value(of: flag)
    guard let range = Self.range(text[...]) else { throw bad(flag, text, "a port, or two with a colon between") }
    return range
  }

  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    // `UInt16` would accept a plus sign.
    guard
      !text.contains("+"), let first = parts.first.flatMap({ UInt16($0) }),
      let last = parts.last.flatMap({ UInt16($0) }), first <= last
    else { return nil }
    return first...last
  }

  private mutating func addPorts(
    _ ports: Negatable<ClosedRange<UInt16>>, isSource: Bool
  ) throws(RuleSyntaxError) {
    guard let transport = rule.transport, !transport.isNegated else {
      throw RuleSyntaxError(description: "\"\(isSource ? "--sport" : "--dport")\" needs \"-p\" before it")
    }
    rule.add(ports, isSource: isSource, transport.value)
  }

  private mutating func addMultiport(
    _ side: MultiportMatch.Side, _ flag: String, _ isNegated: Bool
  ) throws(RuleSyntaxError) {
    let text = try value(of: flag)
    var ports: [ClosedRange<UInt16>] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let range = Self.range(item) else { throw bad(flag, text, "ports with commas between") }
      ports.append(range)
    }
    guard MultiportMatch.canHold(ports) else { throw bad(flag, text, "at most \(MultiportMatch.limit) ports") }
    guard let transport = rule.transport, !transport.isNegated else {
      throw RuleSyntaxError(description: "\"\(flag)\" needs \"-p\" before it")
    }
    rule.matches.append(.multiport(MultiportMatch(side, ports, isNegated: isNegated)))
  }

  private mutating func mark(_ flag: String) throws(RuleSyntaxError) -> (value: UInt32, mask: UInt32?) {
    let text = try value(of: flag)
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { Self.number($0) }
    guard let value = parts[0], parts.count == 1 || parts[1] != nil else {
      throw bad(flag, text, "a number, or a number and a mask with a slash between")
    }
    return (value, parts.count == 2 ? parts[1] : nil)
  }

  private static func number(_ text: Substring) -> UInt32? {
    // `UInt32` would accept a plus sign, and iptables reads digits after a zero as octal.
    if text.contains("+") || text.count > 1 && text.hasPrefix("0") && !text.hasPrefix("0x") { return nil }
    return text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
  }

  private mutating func addressType(_ flag: String) throws(RuleSyntaxError) -> AddrtypeMatch.Kind {
    let text = try value(of: flag)
    guard let kind = AddrtypeMatch.Kind(rawValue: text.uppercased()) else {
      throw bad(flag, text, "one of \(AddrtypeMatch.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return kind
  }

  /// Adds address types; source and destination type form one match.
  private mutating func addType(
    source: Negatable<AddrtypeMatch.Kind>?, _ destination: Negatable<AddrtypeMatch.Kind>?
  ) {
    if let destination, case .addressType(let former)? = rule.matches.last, former.destination == nil {
      rule.matches.removeLast()
      rule.matches.append(.addressType(AddrtypeMatch(source: former.source, destination: destination)))
    } else {
      rule.matches.append(.addressType(AddrtypeMatch(source: source, destination: destination)))
    }
  }

  private mutating func comment(_ flag: String) throws(RuleSyntaxError) -> String {
    let text = try value(of: flag)
    guard text.utf8.count < 256 else { throw bad(flag, String(text.prefix(20)) + "…", "at most 255 bytes") }
    return text
  }

  private mutating func states(_ flag: String) throws(RuleSyntaxError) -> ConntrackMatch.States {
    let text = try value(of: flag)
    var states: ConntrackMatch.States = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let known = ConntrackMatch.States.named.first(where: { $0.name == name }) else {
        throw bad(flag, text, "connection states")
      }
      states.insert(known.state)
    }
    return states
  }

  // MARK: - Targets

  private mutating func target(_ isNegated: Bool) throws(RuleSyntaxError) -> RuleTarget {
    let name = try value(of: "-j")
    if isNegated { throw unknown("! -j") }
    switch name {
    case "ACCEPT": return .accept
    case "DROP": return .drop
    case "RETURN": return .return
    case "MARK":
      guard words.popFirst() == "--set-xmark" else { throw unknown("-j MARK without --set-xmark") }
      let (value, mask) = try mark("--set-xmark")
      return .mark(MarkTarget(value, mask: mask ?? .max))
    case "DNAT":
      guard words.popFirst() == "--to-destination" else { throw unknown("-j DNAT without --to-destination") }
      let text = try value(of: "--to-destination")
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      let address = parts.dropLast().joined(separator: ":").filter { $0 != "[" && $0 != "]" }
      guard let address = IPAddress(address), address.family == family, let port = UInt16(parts.last ?? "") else {
        throw bad("--to-destination", text, "an address and a port")
      }
      return .translate(DNATTarget(address, port: port))
    case "MASQUERADE":
      let isRandom = words.first == "--random-fully"
      if isRandom { words.removeFirst() }
      return .masquerade(MasqueradeTarget(family, isRandom: isRandom))
    default: return .jump(name)
    }
  }
}
