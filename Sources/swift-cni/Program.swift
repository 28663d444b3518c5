// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Skel

@main
enum Program {
  // Without closures: a closure here would be checked to run on the main actor, which links the concurrency runtime and libdispatch.
  static func main() { exit(run(Streams.process())) }

  /// Runs the plugin that `argv[0]` names; under another name, the one that the first argument names.
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

  /// Prints requested lines to stdout.
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
