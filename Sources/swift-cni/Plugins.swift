// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Bandwidth
import Flannel
import NFTables
import Portmap
import Skel
import Tuning

/// The plugins that this program is, each with what it makes its changes by; `note` tells the operator something.
func allPlugins(note: @escaping (String) -> Void) -> [any Plugin] {
  [Portmap(backend: NFTablesBackend(), note: note), Tuning(note: note), Bandwidth(note: note), Flannel(note: note)]
}
