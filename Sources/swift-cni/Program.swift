// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Skel

@main
enum Program {
  // A closure here would be checked to run on the main actor, and link the concurrency runtime and libdispatch into the
  // program.
  static func main() { exit(run(Streams.process())) }

  /// The program under a plugin's name is that plugin; under its own name the first argument says which.
  static func run(_ streams: Streams) -> Int32 {
    let plugins = allPlugins(note: streams.note)
    let words = CommandLine.arguments.prefix(2).map { String($0.split(separator: "/").last ?? "") }
    for word in words {
      if let plugin = plugins.first(where: { $0.name == word }) { return Dispatcher(plugin, streams).run() }
    }
    let names = plugins.map(\.name).joined(separator: "|")
    streams.note("usage: swift-cni \(names), or a link of that name to this program")
    return 2
  }
}
