// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import PackageDescription

let package = Package(
  name: "Attach",
  dependencies: [.package(name: "swift-cni", path: "../..")],
  targets: [
    .executableTarget(name: "Attach", dependencies: [.product(name: "CNIRuntime", package: "swift-cni")])
  ],
  swiftLanguageModes: [.v6]
)
