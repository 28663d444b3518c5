// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Skel

@main
enum Program {
  // A closure here would be checked to run on the main actor, and link the concurrency runtime and libdispatch into the
  // program.
  static func main() { exit(run(Streams.process())) }

  /// The program under a plugin's name is that plugin; under its own name the first argument says which.
  static func run(_ streams: Streams) -> Int32 {
    let first = { CommandLine.arguments.dropFirst().first.flatMap(PluginName.init) }
    if let name = PluginName(rawValue: invokedName) ?? first() {
      return Dispatcher(name.make(note: streams.note), streams).run()
    }
    let names = PluginName.allCases.map(\.rawValue).joined(separator: "|")
    let usage = "usage: swift-cni \(names), or a link of that name to this program; swift-cni plugins lists them"
    switch CommandLine.arguments.dropFirst().first {
    case "--version": return tell([about], streams)
    case "-h", "--help": return tell([about, usage], streams)
    case "plugins": return tell(PluginName.allCases.map(\.rawValue), streams)
    default:
      streams.note(usage)
      return 2
    }
  }

  private static let about = "swift-cni \(Version.program) (CNI plugins, upstream level v\(Version.upstream))"

  /// Prints what somebody has asked for.
  private static func tell(_ lines: [String], _ streams: Streams) -> Int32 {
    do {
      try streams.writeOutput(Array((lines.joined(separator: "\n") + "\n").utf8))
      return 0
    } catch {
      streams.note("stdout: \(error)")
      return 1
    }
  }
}
