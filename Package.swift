// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import PackageDescription

let warningsAreErrors: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The program's targets refuse pointers that are not marked.
let strict: [SwiftSetting] = [.strictMemorySafety()] + warningsAreErrors

func library(_ name: String, path: String? = nil, exclude: [String] = [], needs: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: needs, path: path, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, of tested: Target.Dependency..., needs: [Target.Dependency] = []) -> Target {
  .testTarget(name: name, dependencies: tested + needs, swiftSettings: warningsAreErrors)
}

func clibrary(_ name: String, path: String? = nil, debian packages: String...) -> Target {
  .systemLibrary(name: name, path: path, providers: [.apt(packages)])
}

/// What makes the program start fast, and on every distribution: no library but what is in it, not even libc's; no symbols,
/// and no place in memory that is not known when it is linked.
let leanLink: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-static-executable", "-use-ld=lld", "-Xlinker", "-s", "-Xlinker", "--gc-sections",
    ],
    .when(configuration: .release))
]

let package = Package(
  name: "swift-cni",
  products: [.executable(name: "swift-cni", targets: ["swift-cni"])],
  targets: [
    // Bottom-up: a target may use only those above it.
    .systemLibrary(name: "CLinux"),
    clibrary("CJansson", debian: "libjansson-dev"),
    clibrary("CMessageDigest", debian: "libmd-dev"),

    library("OS", needs: ["CLinux"]),
    library("Address", needs: ["OS"]),
    library("Digest", needs: ["CMessageDigest"]),
    library("JSON", needs: ["CJansson"]),
    library("Sysctl", needs: ["OS"]),
    library("NetNS", needs: ["OS", "CLinux"]),
    library("Netlink", needs: ["OS", "Address", "CLinux"]),
    library("CNI", needs: ["Address", "Digest", "JSON"]),
    library("Rules", exclude: ["NFTables", "IPTables", "Firewalld"], needs: ["Address", "CNI"]),
    library(
      "NFTables", path: "Sources/Rules/NFTables",
      needs: ["Rules", "OS", "Address", "Digest", "Netlink", "CNI", "CLinux"]),
    library(
      "IPTables", path: "Sources/Rules/IPTables",
      needs: ["Rules", "NFTables", "OS", "Address", "Digest", "NetNS", "Netlink", "CNI", "CLinux"]),
    library(
      "Firewalld", path: "Sources/Rules/Firewalld", needs: ["Rules", "OS", "Address", "CNI", "CLinux"]),
    library("Skel", needs: ["OS", "JSON", "NetNS", "CNI"]),
    library("Veth", needs: ["Netlink", "CNI", "Skel"]),
    library("Invoke", needs: ["OS", "JSON", "CNI", "Skel"]),
    library(
      "Portmap", path: "Sources/Plugins/Portmap",
      needs: ["OS", "Address", "JSON", "Sysctl", "Netlink", "CNI", "Rules", "Skel", "Veth"]),
    library(
      "Bandwidth", path: "Sources/Plugins/Bandwidth",
      needs: ["Address", "Digest", "JSON", "NetNS", "Netlink", "CNI", "Skel", "Veth"]),
    library(
      "Firewall", path: "Sources/Plugins/Firewall",
      needs: ["Address", "JSON", "Netlink", "CNI", "Rules", "Skel", "Veth"]),
    library(
      "Tuning", path: "Sources/Plugins/Tuning",
      needs: ["OS", "Address", "JSON", "Sysctl", "NetNS", "Netlink", "CNI", "Skel"]),
    library(
      "Flannel", path: "Sources/Plugins/Flannel",
      needs: ["OS", "Address", "JSON", "CNI", "Invoke", "Skel"]),
    .executableTarget(
      name: "swift-cni",
      dependencies: [
        "OS", "CNI", "Skel", "Invoke", "NFTables", "IPTables", "Firewalld", "Portmap", "Firewall", "Tuning",
        "Bandwidth",
        "Flannel",
      ],
      swiftSettings: strict, linkerSettings: leanLink),

    // Only tests use the libraries of the netfilter project, as judges of what is written without them.
    clibrary("CMnl", path: "Tests/CNetfilter/CMnl", debian: "libmnl-dev"),
    clibrary("CNftnl", path: "Tests/CNetfilter/CNftnl", debian: "libnftnl-dev"),
    clibrary("CIPTC", path: "Tests/CNetfilter/CIPTC", debian: "libiptc-dev"),
    .target(
      name: "FramingSupport", dependencies: ["CLinux", "CMnl"], path: "Tests/FramingSupport",
      swiftSettings: warningsAreErrors),

    .target(
      name: "TestSupport", dependencies: ["OS", "Address", "CLinux"], path: "Tests/TestSupport",
      swiftSettings: warningsAreErrors),
    tests(
      "KernelTests", of: "NFTables", "IPTables", "Firewalld",
      needs: [
        "TestSupport", "FramingSupport", "OS", "Address", "CIPTC", "CLinux", "CNI", "JSON", "Netlink", "Rules",
        "swift-cni",
      ]),
    .target(
      name: "CallSupport", dependencies: ["OS", "JSON", "Skel"], path: "Tests/CallSupport",
      swiftSettings: warningsAreErrors),
    tests(
      "JudgeTests", of: "NFTables", "IPTables", "Netlink",
      needs: ["TestSupport", "Address", "CLinux", "CNI", "CNftnl", "FramingSupport"]),
    tests("OSTests", of: "OS", needs: ["TestSupport"]),
    tests("AddressTests", of: "Address"),
    tests("DigestTests", of: "Digest"),
    tests("JSONTests", of: "JSON"),
    tests("SysctlTests", of: "Sysctl", needs: ["OS"]),
    tests("NetNSTests", of: "NetNS", needs: ["TestSupport", "OS"]),
    tests("NetlinkTests", of: "Netlink", needs: ["TestSupport", "OS", "Address", "CLinux"]),
    tests("CNITests", of: "CNI", needs: ["Address", "JSON", "CallSupport"]),
    tests("RulesTests", of: "Rules", needs: ["Address"]),
    tests("NFTablesTests", of: "NFTables", needs: ["Address", "CLinux", "CNI", "Digest", "Netlink", "Rules"]),
    tests(
      "IPTablesTests", of: "IPTables",
      needs: ["TestSupport", "CNI", "OS", "Address", "Digest", "JSON", "Netlink", "NFTables", "Rules", "CLinux"]),
    tests("SkelTests", of: "Skel", needs: ["TestSupport", "OS", "JSON", "CNI", "CallSupport"]),
    tests("FirewalldTests", of: "Firewalld", needs: ["TestSupport", "OS", "Address", "CLinux", "CNI", "Rules"]),
    tests("PortmapTests", of: "Portmap", needs: ["OS", "Address", "JSON", "CNI", "Rules", "CallSupport"]),
    tests(
      "TuningTests", of: "Tuning",
      needs: ["TestSupport", "OS", "Address", "JSON", "CNI", "Netlink", "Skel", "Sysctl", "CallSupport"]),
    tests(
      "BandwidthTests", of: "Bandwidth", needs: ["Address", "JSON", "CNI", "Netlink", "Skel", "CallSupport"]),
    tests("VethTests", of: "Veth", needs: ["TestSupport", "CNI", "JSON", "Netlink", "Skel"]),
    tests(
      "FirewallTests", of: "Firewall",
      needs: ["TestSupport", "OS", "Address", "JSON", "CNI", "Rules", "Skel", "CallSupport"]),
    tests("InvokeTests", of: "Invoke", needs: ["TestSupport", "OS", "CNI", "JSON", "Skel", "CallSupport"]),
    tests(
      "FlannelTests", of: "Flannel",
      needs: ["TestSupport", "OS", "Address", "CNI", "JSON", "CallSupport"]),
    .executableTarget(
      name: "Bench", dependencies: ["TestSupport"], path: "Benchmarks/Bench", swiftSettings: warningsAreErrors),
  ],
  swiftLanguageModes: [.v6]
)
