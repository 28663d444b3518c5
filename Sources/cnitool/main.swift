// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNITool
import Glibc
import OS

exit(Tool.run(Array(CommandLine.arguments.dropFirst()), words: processWords().map { Array($0.dropFirst()) }))
