// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport

/// The table filter of one family, parsed from `iptables-save`, and invariants that must hold at any time.
struct FirewallModelTables {
  private(set) var accepted: Set<IPAddress> = []
  private(set) var isolation: Set<IsolationModel.Rule> = []
  private(set) var problems: [String] = []
  private let family: AddressFamily
  private let rules: [String: [String]]

  private static let chains = ["CNI-FORWARD", "CNI-ADMIN", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"]

  init(_ family: AddressFamily, saved: [String], bridges: Set<String>) {
    self.family = family
    var rules: [String: [String]] = [:]
    for line in saved {
      let words = line.split(separator: " ", maxSplits: 2)
      if line.hasPrefix(":CNI-"), !Self.chains.contains(String(words[0].dropFirst())) {
        problems.append("a chain that upstream has not: \(line)")
      }
      if line.hasPrefix("-A "), words.count == 3 { rules[String(words[1]), default: []].append(String(words[2])) }
    }
    self.rules = rules
    for (chain, lines) in rules where Set(lines).count != lines.count { problems.append("twice the same in \(chain)") }
    readForward()
    readAccepts()
    for bridge in bridges { readIsolation(bridge) }
    for chain in Self.chains.suffix(2) {
      if let last = rules[chain]?.last, !last.hasSuffix("-j RETURN") { problems.append("\(chain) ends with \(last)") }
    }
  }

  private func lines(_ chain: String, _ end: String) -> [Int] {
    (rules[chain] ?? []).indices.filter { rules[chain]?[$0].hasSuffix(end) == true }
  }

  /// FORWARD jumps to the isolation first, then to the accepts, which begin with the jump to the administrator's chain.
  private mutating func readForward() {
    let accepts = lines("FORWARD", "-j CNI-FORWARD")
    let stage = lines("FORWARD", "-j CNI-ISOLATION-STAGE-1")
    if accepts.count > 1 { problems.append("FORWARD goes to CNI-FORWARD twice") }
    // The comment of this rule differs between versions of upstream, and so between ours and upstream's.
    if let last = stage.last, let accept = accepts.first, last > accept {
      problems.append("FORWARD goes to the isolation after the accepts")
    }
    if rules["CNI-FORWARD"] != nil {
      if accepts.isEmpty { problems.append("FORWARD does not go to CNI-FORWARD") }
      if lines("CNI-FORWARD", "-j CNI-ADMIN") != [0] { problems.append("CNI-ADMIN is not asked first, and once") }
    }
    if rules["CNI-ISOLATION-STAGE-1"] != nil, stage.isEmpty { problems.append("FORWARD does not go to the isolation") }
  }

  private mutating func readAccepts() {
    var ends: [String: [String]] = [:]
    for line in rules["CNI-FORWARD"] ?? [] where !line.hasSuffix("-j CNI-ADMIN") {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      if words.count == 3 { ends[words[1], default: []].append("\(words[0]) \(words[2])") }
    }
    let pair = ["-d -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s -j ACCEPT"]
    for (text, found) in ends {
      guard found.sorted() == pair, let prefix = Prefix(text) else {
        problems.append("\(text) in CNI-FORWARD: \(found)")
        continue
      }
      accepted.insert(prefix.address)
    }
  }

  /// The rules of a bridge may be there with several comments, but only as complete pairs.
  private mutating func readIsolation(_ bridge: String) {
    func has(_ chain: String, _ start: String, _ end: String) -> Bool {
      (rules[chain] ?? []).contains { $0.hasPrefix(start + " ") && $0.hasSuffix(end) }
    }
    let stage1 = has("CNI-ISOLATION-STAGE-1", "-i \(bridge) ! -o \(bridge)", "-j CNI-ISOLATION-STAGE-2")
    let stage2 = has("CNI-ISOLATION-STAGE-2", "-o \(bridge)", "-j DROP")
    if stage1 != stage2 { problems.append("of the isolation of \(bridge) there is one half") }
    if stage1, stage2 { isolation.insert(.init(family: family, bridge: bridge, scope: .acrossBridges)) }
    if has("CNI-ISOLATION-STAGE-1", "-i \(bridge) -o \(bridge)", "-j DROP") {
      isolation.insert(.init(family: family, bridge: bridge, scope: .withinBridge))
    }
  }
}
