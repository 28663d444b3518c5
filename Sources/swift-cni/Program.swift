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
    if let name = PluginName(rawValue: programName) ?? first() {
      return Dispatcher(name.make(note: streams.note), streams).run()
    }
    let names = PluginName.allCases.map(\.rawValue).joined(separator: "|")
    streams.note("usage: swift-cni \(names), or a link of that name to this program")
    return 2
  }
}
