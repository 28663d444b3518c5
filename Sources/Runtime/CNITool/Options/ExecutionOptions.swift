// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIPlugins
import CNIRuntime

/// How the networks' plugins are called.
package struct ExecutionOptions: ParsableArguments {
  @Flag(
    help: """
      Call the plugins that cnitool contains, those of swift-cni, in its own process. CNI_PATH is for others then, and \
      nothing needs to be installed.
      """)
  package var inProcess = false

  package init() {}

  var executor: any PluginExecuting { inProcess ? InProcessExecutor(.all) : ProgramExecutor() }
}
