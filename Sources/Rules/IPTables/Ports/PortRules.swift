// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The rules of an attachment in the table `nat` of one family, under upstream's names:
///
///     -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
///     -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
///     -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ      (first)
///     -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark BIT/BIT
///     -A CNI-HOSTPORT-MASQ -m mark --mark BIT/BIT -j MASQUERADE
///     -A CNI-HOSTPORT-DNAT [conditions] -p tcp -m comment --comment "dnat name: …" -m multiport --dports … -j CNI-DN-HASH
///     -A CNI-DN-HASH -s SOURCE [-d HOSTIP] -p tcp -m tcp --dport PORT -j CNI-HOSTPORT-SETMARK
///     -A CNI-DN-HASH [-d HOSTIP] -p tcp -m tcp --dport PORT -j DNAT --to-destination ADDRESS:PORT
///
/// Entries stand at the beginning of their chain: of two containers that want a port, the last added has it.
struct PortRules {
  static let entries = "CNI-HOSTPORT-DNAT"
  static let marking = "CNI-HOSTPORT-SETMARK"
  static let masquerading = "CNI-HOSTPORT-MASQ"
  /// Where older versions of upstream had more.
  static let formerEntries = "CNI-HOSTPORT-SNAT"

  let family: AddressFamily
  let attachment: PortAttachment
  /// Whether the container is known to have no other attachment.
  let isOnlyAttachment: Bool
  /// The attachment's chain.
  var chain: String
  let markBit: Int
  /// The chain that marks what is to be masqueraded.
  private(set) var markChain: String
  /// What every entry looks at besides.
  let conditions: IPTablesRule?
  let forwards: [PortForward]

  /// Takes the rules of a family; those of the other are left out.
  init(
    _ request: PortForwardingRequest, _ family: AddressFamily, _ settings: IPTablesSettings
  ) throws(RuleSyntaxError) {
    self.family = family
    attachment = PortAttachment(request, ports: [])
    isOnlyAttachment = request.isOnlyAttachment
    chain = Self.chain(request.attachment)
    markBit = settings.markBit
    markChain = settings.markChain ?? Self.marking
    let words = settings.conditions[family]
    let none = RuleTarget.jump("")
    conditions = words.isEmpty ? nil : try IPTablesRule(words, family, target: none)
    if let conditions, conditions.target != none {
      throw RuleSyntaxError(description: "\"\(conditions.target.text)\" is not supported here")
    }
    forwards = request.forwards.filter { $0.hostPort.family == family }
    // A rule has one source.
    if conditions?.source != nil, forwards.contains(where: { $0.conditions?.hasSource == true }) {
      throw RuleSyntaxError(description: "\"-s\" cannot be given with sourceRanges")
    }
  }

  /// The same with another chain that marks.
  func marking(by chain: String) -> PortRules {
    var copy = self
    copy.markChain = chain
    return copy
  }

  var table: IPTable { IPTable(.nat, family) }
  var isEmpty: Bool { forwards.isEmpty }
  var masqueradesAny: Bool { forwards.contains { !$0.masqueradedSources.isEmpty } }

  var hostPorts: [HostPort] { forwards.map(\.hostPort) }

  // MARK: - Rules

  static let jumpToEntries = IPTablesRule(
    matches: [.addressType(AddrtypeMatch(destination: Negatable(.local)))], target: .jump(entries))
  static let jumpToMasquerading = IPTablesRule(
    matches: [.comment(CommentMatch("CNI portfwd requiring masquerade"))], target: .jump(masquerading))

  private var mark: UInt32 { 1 << UInt32(markBit) }

  var markingRule: IPTablesRule {
    IPTablesRule(
      matches: [.comment(CommentMatch("CNI portfwd masquerade mark"))], target: .mark(MarkTarget(mark, mask: mark)))
  }

  var masqueradingRule: IPTablesRule {
    IPTablesRule(
      matches: [.mark(MarkMatch(mark, mask: mark))], target: .masquerade(MasqueradeTarget(family)))
  }

  var entries: [IPTablesRule] { entries { _ in true } }

  /// The entries for some of the ports: one for up to fifteen of a transport and, with several sources that are allowed, for each
  /// of these.
  func entries(of isWanted: (HostPort) -> Bool) -> [IPTablesRule] {
    var entries: [IPTablesRule] = []
    let comment = RuleMatch.comment(CommentMatch(comment))
    for transport in TransportProtocol.allCases {
      // Conditions about another transport never hold.
      if let asked = conditions?.transport, (asked.value == transport) == asked.isNegated { continue }
      let ports = hostPorts.filter { $0.transport == transport && isWanted($0) }.map(\.port)
      var seen: Set<UInt16> = []
      var rest = ports.filter { seen.insert($0).inserted }[...]
      while !rest.isEmpty {
        let chunk = rest.prefix(MultiportMatch.limit)
        rest = rest.dropFirst(chunk.count)
        for source in allowedSources { entries.append(entry(transport, chunk.map { $0...$0 }, source, comment)) }
      }
    }
    return entries
  }

  /// Whether the ports have exactly these entries. How they are divided among them, and their order, decides nothing.
  func areEntries(_ present: [PlacedRule]) -> Bool {
    let (wanted, rules) = (entries, present.compactMap(\.rule))
    if rules.count != present.count { return false }
    func same(_ one: [IPTablesRule], _ other: [IPTablesRule]) -> Bool {
      one.count == other.count && Set(one) == Set(other)
    }
    return same(rules, wanted) || same(rules.flatMap(\.dividedByPorts), wanted.flatMap(\.dividedByPorts))
  }

  private func entry(
    _ transport: TransportProtocol, _ ports: [ClosedRange<UInt16>], _ source: Negatable<Prefix>?, _ comment: RuleMatch
  ) -> IPTablesRule {
    var rule = conditions ?? IPTablesRule(target: .return)
    rule.target = .jump(chain)
    if let source { rule.source = source }
    rule.transport = Negatable(transport)
    rule.matches = [comment, .multiport(MultiportMatch(.destination, ports))] + rule.matches
    return rule
  }

  /// The sources of the conditions that are known to all backends; nil stands for any.
  private var allowedSources: [Negatable<Prefix>?] {
    let all = forwards.first?.conditions?.all ?? []
    for condition in all {
      if case .source(let prefixes) = condition.test {
        let own = prefixes.filter { $0.family == family }
        if !condition.isNegated, own.contains(where: { $0.length == 0 }) { return [nil] }
        return own.map { Negatable($0, isNegated: condition.isNegated) }
      }
    }
    return [nil]
  }

  /// The rules of the attachment's chain.
  var chainRules: [IPTablesRule] {
    var rules: [IPTablesRule] = []
    for forward in forwards {
      let port = forward.hostPort
      var rule = IPTablesRule(
        destination: port.address.map { Negatable(Prefix(host: $0)) }, transport: Negatable(port.transport),
        matches: [.ports(PortsMatch(port.transport, destination: Negatable(port.port...port.port)))],
        target: .jump(markChain))
      for source in forward.masqueradedSources {
        rule.source = Self.source(source)
        rules.append(rule)
      }
      rule.source = nil
      rule.target = .translate(DNATTarget(forward.destination.address, port: forward.destination.port))
      rules.append(rule)
    }
    return rules
  }
}

extension Conditions {
  fileprivate var hasSource: Bool {
    all.contains { condition in
      if case .source = condition.test { true } else { false }
    }
  }
}

extension PortRules {
  /// The source that a marking rule looks at: as upstream has it, so that its rules pass CHECK.
  private static func source(_ prefix: Prefix) -> Negatable<Prefix>? {
    if prefix.length == 0 { return nil }
    return Negatable(prefix == .loopback4 ? Prefix("127.0.0.1/32") ?? prefix : prefix)
  }
}

extension IPTablesRule {
  /// The forward that a rule of an attachment's chain is; nil for one that only marks.
  var forward: PortForward? {
    guard
      case .translate(let target) = self.target, let transport = transport?.value,
      case .ports(let ports)? = matches.first, let port = ports.destination?.value.lowerBound
    else { return nil }
    let endpoint = Endpoint(address: target.address, transport: transport, port: target.port)
    return PortForward(port: port, on: destination?.value.address, to: endpoint, if: nil)
  }

  /// An entry's like for each of its ports alone.
  fileprivate var dividedByPorts: [IPTablesRule] {
    for (index, match) in matches.enumerated() {
      guard case .multiport(let ports) = match else { continue }
      return ports.ports.map { range in
        var rule = self
        rule.matches[index] = .multiport(MultiportMatch(ports.side, [range], isNegated: ports.isNegated))
        return rule
      }
    }
    return [self]
  }

  /// The comment, if there is one.
  var comment: String? {
    for match in matches {
      if case .comment(let comment) = match { return comment.comment }
    }
    return nil
  }
}
