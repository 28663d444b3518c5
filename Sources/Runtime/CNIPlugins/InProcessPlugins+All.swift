// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime

extension InProcessPlugins {
  /// All plugins of swift-cni, for an ``InProcessExecutor``.
  public static let all = InProcessPlugins(names: PluginName.allCases.map(\.rawValue)) { name, executor, note in
    PluginName(rawValue: name)?.make(executor, note: note)
  }
}
