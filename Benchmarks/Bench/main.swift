// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

@preconcurrency import Glibc
import TestSupport

/// What was asked for on the command line.
struct Options {
  /// The program that is measured: by default the one that was built beside this one.
  var ours = "\(ownFolder())/swift-cni"
  /// Our cnitool: by default the one that was built beside this program.
  var tool = "\(ownFolder())/cnitool"
  /// The folder of upstream's plugins.
  var upstream = "/usr/lib/cni"
  /// Fewer runs, for a look.
  var quick = false

  init(_ words: ArraySlice<String>) throws {
    var words = words
    while let word = words.popFirst() {
      switch word {
      case "--quick": quick = true
      case "--ours": ours = try Self.value(of: word, &words)
      case "--tool": tool = try Self.value(of: word, &words)
      case "--upstream": upstream = try Self.value(of: word, &words)
      default: throw Failure("unknown option \(word)")
      }
    }
  }

  /// Our program under a plugin's name.
  func our(_ plugin: String) -> Program { Program(ours, name: plugin) }

  /// Upstream's plugin.
  func upstream(_ plugin: String) -> Program { Program("\(upstream)/\(plugin)", name: plugin) }

  private static func value(of option: String, _ words: inout ArraySlice<String>) throws -> String {
    guard let value = words.popFirst() else { throw Failure("\(option) needs a value") }
    return value
  }
}

/// What ends the benchmark.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

private func ownFolder() -> String {
  guard let path = realpath("/proc/self/exe", nil) else { return "." }
  defer { free(path) }
  return String(String(cString: path).split(separator: "/").dropLast().map { "/\($0)" }.joined())
}

do {
  // A line is worth seeing as soon as it is known, also through a pipe.
  setlinebuf(stdout)
  let words = CommandLine.arguments.dropFirst()
  if let obstacle = Namespace.obstacle { throw Failure(obstacle) }
  switch words.first {
  case "portmap": try PortmapBenchmark(Options(words.dropFirst())).run()
  case "portmap-iptables": try PortmapIPTablesBenchmark(Options(words.dropFirst())).run()
  case "firewall": try FirewallBenchmark(Options(words.dropFirst())).run()
  case "tuning": try TuningBenchmark(Options(words.dropFirst())).run()
  case "bandwidth": try BandwidthBenchmark(Options(words.dropFirst())).run()
  case "flannel": try FlannelBenchmark(Options(words.dropFirst())).run()
  case "interfaces": try InterfacesBenchmark(Options(words.dropFirst())).run()
  case "chain": try ChainBenchmark(Options(words.dropFirst())).run()
  default:
    throw Failure(
      """
      usage: Bench portmap|portmap-iptables|firewall|tuning|bandwidth|flannel|interfaces|chain [--quick] [--ours PROGRAM] \
      [--tool PROGRAM] [--upstream FOLDER]
      """
    )
  }
} catch {
  fputs("bench: \(error)\n", stderr)
  exit(1)
}
