// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNITool
import Glibc

exit(Tool.run(Array(CommandLine.arguments.dropFirst())))
