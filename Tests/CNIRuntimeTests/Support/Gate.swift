// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime

/// Plugins of which some calls wait until a test lets one go on.
struct Gate: Sendable {
  let plugins: FakePlugins
  private let started: AsyncStream<Void>
  private let finish: AsyncStream<Void>.Continuation

  /// Plugins whose calls wait for which `isHeld` is true.
  init(_ isHeld: @escaping @Sendable (PluginCall) -> Bool) {
    let (started, start) = AsyncStream<Void>.makeStream()
    let (finished, finish) = AsyncStream<Void>.makeStream()
    (self.started, self.finish) = (started, finish)
    plugins = FakePlugins { call in
      if isHeld(call) {
        start.yield()
        for await _ in finished { break }
      }
      return FakePlugins.success(call)
    }
  }

  /// Returns when a call waits.
  func reached() async { for await _ in started { break } }

  /// Lets the call that waits go on.
  func open() { finish.yield() }
}
