// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser

package struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON: also errors, as error objects on stdout.")
  package var json = false

  package init() {}
}
