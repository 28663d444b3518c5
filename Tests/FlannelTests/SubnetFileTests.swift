// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@testable import Flannel

@Suite struct SubnetFileTests {
  private static let lines = [
    "FLANNEL_NETWORK=10.244.0.0/16", "FLANNEL_SUBNET=10.244.3.1/24", "FLANNEL_MTU=1450", "FLANNEL_IPMASQ=true",
  ]

  /// The file with these lines behind the usual ones, of which the later counts.
  private static func read(_ more: String...) throws -> SubnetFile {
    try Sample.subnet((lines + more).joined(separator: "\n"))
  }

  /// What flanneld writes, in other forms.
  private static let untidyFiles: [String] = {
    let lines: [(name: Substring, value: Substring)] = Sample.subnetText.split(separator: "\n").map { line in
      (line.prefix { $0 != "=" }, line.drop { $0 != "=" }.dropFirst())
    }
    func joined(_ separator: String, _ form: (Substring, Substring) -> String = { "\($0)=\($1)" }) -> String {
      lines.map { form($0.name, $0.value) }.joined(separator: separator)
    }
    return [
      joined("\r\n"), joined("\r"), "\n\n" + joined("\n\n\n"), joined("\n") { " \t\($0)=\($1) \t" },
      joined("\n") { "\($0) = \($1)" }, joined("\n") { "\($0)=\"\($1)\"" }, joined("\n") { "\($0)= '\($1)' " },
      "# FLANNEL_NETWORK=192.0.2.0/24\n#FLANNEL_MTU=1\n\(Sample.subnetText)# FLANNEL_MTU=1",
      "=\n==\n=x\nnonsense\nFLANNEL_MTU\n\"\n'\n\"\"\n=\"\n\(Sample.subnetText)",
      "\(Sample.subnetText)FLANNEL_FUTURE=a=b\nflannel_mtu=1\nFLANNEL_MTU_2=1\nXFLANNEL_MTU=1\n",
      "\u{fffd}\u{0}=\u{0}\n\(Sample.subnetText)",
    ]
  }()

  private static func message(_ text: String) -> String? {
    do {
      _ = try Sample.subnet(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }
}

// MARK: - What is whole

extension SubnetFileTests {
  @Test("the file of a node with IPv4 is read")
  func ipv4() throws {
    let file = try Self.read()
    #expect(file.networks == [try prefix("10.244.0.0/16")])
    #expect(file.subnets == [try prefix("10.244.3.1/24")])
    #expect(file.mtu == 1450)
    #expect(file.masquerades)
  }

  @Test("the file of a node with both families is read, IPv4 first")
  func dualStack() throws {
    let file = try Sample.subnet(Sample.subnetText)
    #expect(file.networks == [try prefix("10.244.0.0/16"), try prefix("fd00:10:244::/48")])
    #expect(file.subnets == [try prefix("10.244.3.1/24"), try prefix("fd00:10:244:3::1/64")])
  }

  @Test("the file of a node with IPv6 is read")
  func ipv6() throws {
    let text = Sample.subnetText.split(separator: "\n").filter {
      !$0.hasPrefix("FLANNEL_NETWORK") && !$0.hasPrefix("FLANNEL_SUBNET")
    }
    let file = try Sample.subnet(text.joined(separator: "\n"))
    #expect(file.networks == [try prefix("fd00:10:244::/48")])
    #expect(file.subnets == [try prefix("fd00:10:244:3::1/64")])
  }

  @Test(
    "there may be several networks, with commas or blanks between them, in their order",
    arguments: [
      "10.245.0.0/16,10.244.0.0/16", "10.245.0.0/16, 10.244.0.0/16", " 10.245.0.0/16 10.244.0.0/16 ",
      ",10.245.0.0/16,,10.244.0.0/16,", "\"10.245.0.0/16,10.244.0.0/16\"",
    ])
  func severalNetworks(text: String) throws {
    let file = try Self.read("FLANNEL_NETWORK=\(text)")
    #expect(file.networks == [try prefix("10.245.0.0/16"), try prefix("10.244.0.0/16")])
  }

  @Test("the order of the lines does not matter, and of two settings of one name the later counts")
  func order() throws {
    let text = Sample.subnetText.split(separator: "\n").reversed().joined(separator: "\n")
    #expect(try Sample.subnet(text) == Sample.subnet(Sample.subnetText))
    #expect(try Self.read("FLANNEL_MTU=1400", "FLANNEL_MTU=1300").mtu == 1300)
  }

  @Test(
    "line ends, blanks, quotes, comments and lines that are no settings do no harm",
    arguments: untidyFiles)
  func untidy(text: String) throws {
    #expect(try Sample.subnet(text) == Sample.subnet(Sample.subnetText))
  }

  @Test("bytes that are no text do no harm in lines that nobody knows")
  func foreignBytes() throws {
    let file = try SubnetFile([0xff, 0x3d, 0xfe, 0x0a, 0xc3, 0x0a] + Array(Sample.subnetText.utf8))
    #expect(try file == Sample.subnet(Sample.subnetText))
  }

  @Test("the MTU is one that a link with IPv4 can have", arguments: [68, 1280, 8951, 65_535])
  func mtu(number: Int) throws {
    #expect(try Self.read("FLANNEL_MTU=\(number)").mtu == number)
  }

  @Test(
    "true and false are read in the forms that Go knows",
    arguments: [("true", "false"), ("TRUE", "FALSE"), ("True", "False"), ("1", "0"), ("t", "f"), ("T", "F")])
  func masquerades(yes: String, no: String) throws {
    #expect(try Self.read("FLANNEL_IPMASQ=\(yes)").masquerades)
    #expect(try !Self.read("FLANNEL_IPMASQ=\(no)").masquerades)
  }
}

// MARK: - What is incomplete

extension SubnetFileTests {
  @Test("what is missing is named, all of it if nothing else is wrong", arguments: 0..<16)
  func missing(set: Int) {
    let kept = Self.lines.indices.filter { set >> $0 & 1 == 0 }
    let message = Self.message(kept.map { Self.lines[$0] }.joined(separator: "\n"))
    let names = Self.lines.indices.filter { set >> $0 & 1 == 1 }.map { String(Self.lines[$0].prefix { $0 != "=" }) }
    switch set & 3 {
    // One of the pair without the other.
    case 1, 2: #expect(message == "\(names[0]) is missing")
    default:
      let verb = names.count == 1 ? "is" : "are"
      #expect(message == (names.isEmpty ? nil : "\(names.joined(separator: ", ")) \(verb) missing"))
    }
  }

  @Test("a setting without a value is missing", arguments: lines.indices, ["", " ", "\"\"", "''", "\r"])
  func empty(index: Int, value: String) {
    var lines = Self.lines
    let name = lines[index].prefix { $0 != "=" }
    lines[index] = "\(name)=\(value)"
    #expect(Self.message(lines.joined(separator: "\n")) == "\(name) is missing")
  }

  @Test(
    "what is wrong is named",
    arguments: [
      ("FLANNEL_NETWORK=10.244.0.0", #"FLANNEL_NETWORK has "10.244.0.0", which is no IPv4 prefix"#),
      ("FLANNEL_NETWORK=10.244.0.0/33", #"FLANNEL_NETWORK has "10.244.0.0/33", which is no IPv4 prefix"#),
      ("FLANNEL_NETWORK=10.244.0.0/", #"FLANNEL_NETWORK has "10.244.0.0/", which is no IPv4 prefix"#),
      ("FLANNEL_NETWORK=10.244.0.0/16,x", #"FLANNEL_NETWORK has "x", which is no IPv4 prefix"#),
      ("FLANNEL_NETWORK=fd00::/48", #"FLANNEL_NETWORK has "fd00::/48", which is no IPv4 prefix"#),
      ("FLANNEL_SUBNET=10.244.3/24", #"FLANNEL_SUBNET has "10.244.3/24", which is no IPv4 prefix"#),
      ("FLANNEL_SUBNET=fd00::1/64", #"FLANNEL_SUBNET has "fd00::1/64", which is no IPv4 prefix"#),
      ("FLANNEL_SUBNET=10.244.3.1/24,10.244.4.1/24", "FLANNEL_SUBNET has more than one subnet"),
      ("FLANNEL_IPV6_NETWORK=10.244.0.0/16", #"FLANNEL_IPV6_NETWORK has "10.244.0.0/16", which is no IPv6 prefix"#),
      ("FLANNEL_IPV6_SUBNET=x", #"FLANNEL_IPV6_SUBNET has "x", which is no IPv6 prefix"#),
      ("FLANNEL_IPV6_NETWORK=fd00::/48", "FLANNEL_IPV6_SUBNET is missing"),
      ("FLANNEL_IPV6_SUBNET=fd00::1/64", "FLANNEL_IPV6_NETWORK is missing"),
      ("FLANNEL_MTU=67", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_MTU=65536", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_MTU=-1450", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_MTU=1450.0", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_MTU=0x5aa", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_MTU=99999999999999999999", "FLANNEL_MTU is no number of bytes between 68 and 65535"),
      ("FLANNEL_IPMASQ=yes", "FLANNEL_IPMASQ is neither true nor false"),
      ("FLANNEL_IPMASQ=2", "FLANNEL_IPMASQ is neither true nor false"),
    ])
  func wrong(line: String, message: String) {
    #expect(Self.message((Self.lines + [line]).joined(separator: "\n")) == message)
  }

  @Test("a file that flanneld has not finished is incomplete, or says what the finished one does")
  func unfinished() throws {
    let whole = try Sample.subnet(Sample.subnetText)
    var complete = 0
    for count in 0..<Sample.subnetText.utf8.count {
      guard let file = try? SubnetFile(Array(Sample.subnetText.utf8.prefix(count))) else { continue }
      #expect(file == whole)
      complete += 1
    }
    // "t" is true already; then only the last line's end is missing.
    #expect(complete == 2)
  }
}

// MARK: - Anything at all

extension SubnetFileTests {
  @Test("whatever bytes a file has, it is read or incomplete")
  func noise() {
    let alphabet: [UInt8] = Array("=/\"', \n\r\t0.:f1".utf8) + [0, 0xff] as [UInt8]
    for _ in 0..<5000 {
      _ = try? SubnetFile((0..<Int.random(in: 0...60)).map { _ in .random(in: 0 ... .max) })
      let bytes = (0..<Int.random(in: 0...60)).map { _ in alphabet.randomElement() ?? 0 }
      _ = try? SubnetFile(bytes)
      _ = try? SubnetFile(Array("FLANNEL_NETWORK=".utf8) + bytes)
    }
  }

  @Test("a file with a few other bytes than flanneld's is read or incomplete")
  func damage() {
    for _ in 0..<5000 {
      var bytes = Array(Sample.subnetText.utf8)
      for _ in 0..<Int.random(in: 1...4) {
        let place = Int.random(in: bytes.indices)
        switch Int.random(in: 0..<3) {
        case 0: bytes[place] = .random(in: 0 ... .max)
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array("=/\"', \n0:".utf8).randomElement() ?? 0, at: place)
        }
      }
      guard let file = try? SubnetFile(bytes) else { continue }
      #expect((68...65_535).contains(file.mtu))
      #expect(!file.networks.isEmpty && (1...2).contains(file.subnets.count))
      #expect(Set(file.networks.map(\.family)) == Set(file.subnets.map(\.family)))
    }
  }
}
