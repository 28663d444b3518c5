// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import PackageDescription

let warningsAreErrors: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The program's targets refuse pointers that are not marked.
let strict: [SwiftSetting] = [.strictMemorySafety()] + warningsAreErrors

/// A library of a layer; a layer is a folder of `Sources`.
func library(
  _ name: String, in layer: String, folder: String? = nil, exclude: [String] = [], needs: [Target.Dependency] = []
) -> Target {
  .target(
    name: name, dependencies: needs, path: "Sources/\(layer)/\(folder ?? name)", exclude: exclude, swiftSettings: strict
  )
}

/// A plugin: its folder, and what it needs besides the types of the specification and the skeleton. The program has them all; a
/// line in Sources/swift-cni/Plugins.swift makes it one of them.
func plugin(_ name: String, in group: String, needs: [Target.Dependency]) -> Target {
  library(name, in: "Plugins/\(group)", needs: ["CNI", "Skel", "JSON"] + needs)
}

let plugins = [
  plugin("Loopback", in: "Main", needs: ["Address", "Netlink"]),
  plugin("HostLocal", in: "IPAM", needs: ["OS", "Address", "Digest", "NetNS", "IPAM"]),
  plugin("Static", in: "IPAM", needs: ["Address", "IPAM"]),
  plugin(
    "Bridge", in: "Main",
    needs: ["OS", "Address", "NetNS", "Netlink", "Announcement", "Invoke", "Attaching", "Rules", "Veth"]),
  plugin("Dummy", in: "Main", needs: ["OS", "NetNS", "Netlink", "Invoke", "Attaching"]),
  plugin("Macvlan", in: "Main", needs: ["OS", "NetNS", "Netlink", "Invoke", "Attaching"]),
  plugin(
    "PTP", in: "Main",
    needs: ["OS", "Address", "NetNS", "Netlink", "Sysctl", "Invoke", "Attaching", "Rules", "Veth"]),
  plugin("Tap", in: "Main", needs: ["OS", "NetNS", "Netlink", "Invoke", "Attaching"]),
  plugin(
    "HostDevice", in: "Main", needs: ["OS", "Address", "Digest", "NetNS", "Netlink", "Invoke", "Attaching"]),
  plugin("Portmap", in: "Meta", needs: ["OS", "Address", "Sysctl", "Netlink", "Rules", "Veth"]),
  plugin("Firewall", in: "Meta", needs: ["Address", "Netlink", "Rules", "Veth"]),
  plugin("Tuning", in: "Meta", needs: ["OS", "Address", "Sysctl", "Netlink", "Store"]),
  plugin("Bandwidth", in: "Meta", needs: ["Address", "Digest", "Netlink", "Veth"]),
  plugin("Flannel", in: "Meta", needs: ["OS", "Address", "Invoke", "Store"]),
]

/// What the table of all plugins needs.
let neededByAllPlugins: [Target.Dependency] =
  ["CNI", "Skel", "Invoke", "OwnTable", "IPTables", "IPTablesLegacy", "Firewalld"]
  + plugins.map { .target(name: $0.name) }

func tests(_ name: String, of tested: Target.Dependency..., needs: [Target.Dependency] = []) -> Target {
  .testTarget(name: name, dependencies: tested + needs, swiftSettings: warningsAreErrors)
}

func clibrary(_ name: String, in folder: String = "Sources/Base", debian packages: String...) -> Target {
  .systemLibrary(name: name, path: "\(folder)/\(name)", providers: [.apt(packages)])
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

/// What FoundationEssentials consists of, which the parser of arguments imports: modules that are compiled against the shared libraries do
/// not name its static parts.
let foundationLink: [LinkerSetting] = ["_FoundationCollections", "_FoundationCShims"].map {
  .linkedLibrary($0, .when(configuration: .release))
}

let package = Package(
  name: "swift-cni",
  products: [
    .executable(name: "swift-cni", targets: ["swift-cni"]),
    .library(name: "CNIRuntime", targets: ["CNIRuntime"]),
    .library(name: "CNIPlugins", targets: ["CNIPlugins"]),
    .executable(name: "cnitool", targets: ["cnitool"]),
  ],
  // Only cnitool depends on it; nothing of it is in the program of the plugins.
  dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
  // Bottom-up: a target may use only those above it.
  targets: [
    .systemLibrary(name: "CLinux", path: "Sources/Base/CLinux"),
    clibrary("CJansson", debian: "libjansson-dev"),
    clibrary("CMessageDigest", debian: "libmd-dev"),
    library("OS", in: "Base", needs: ["CLinux"]),
    library("Address", in: "Base", needs: ["OS"]),
    library("Digest", in: "Base", needs: ["CMessageDigest"]),
    library("JSON", in: "Base", needs: ["CJansson"]),

    library("Sysctl", in: "Kernel", needs: ["OS"]),
    library("NetNS", in: "Kernel", needs: ["OS", "CLinux"]),
    library("Netlink", in: "Kernel", needs: ["OS", "Address", "CLinux"]),
    library("Announcement", in: "Kernel", needs: ["OS", "Address", "CLinux"]),

    library("CNI", in: "CNI", folder: "Types", needs: ["OS", "Address", "Digest", "JSON", "NetNS", "Netlink"]),
    library("Skel", in: "CNI", needs: ["OS", "JSON", "NetNS", "CNI"]),
    library("Store", in: "CNI", needs: ["OS", "JSON", "CNI"]),
    library("IPAM", in: "CNI", needs: ["Address", "JSON", "CNI"]),
    library("Veth", in: "CNI", needs: ["Netlink", "CNI", "Skel"]),
    library("Invoke", in: "CNI", needs: ["OS", "JSON", "CNI", "Skel"]),

    library(
      "Attaching", in: "CNI",
      needs: [
        "OS", "Address", "Digest", "JSON", "NetNS", "Netlink", "Announcement", "Sysctl", "CNI", "Skel", "Invoke",
      ]),

    library("Rules", in: "Rules", folder: "Seam", needs: ["Address", "CNI"]),
    library("NFTables", in: "Rules", needs: ["OS", "Address", "Netlink", "CLinux"]),
    library(
      "OwnTable", in: "Rules",
      needs: ["Rules", "NFTables", "OS", "Address", "Digest", "Netlink", "CNI", "CLinux"]),
    library(
      "IPTables", in: "Rules",
      needs: ["Rules", "NFTables", "OwnTable", "OS", "Address", "Digest", "NetNS", "Netlink", "CNI", "CLinux"]),
    library(
      "IPTablesLegacy", in: "Rules",
      needs: ["IPTables", "Rules", "OS", "Address", "NetNS", "Netlink", "CNI", "CLinux"]),
    library("Firewalld", in: "Rules", needs: ["Rules", "OS", "Address", "CNI", "CLinux"]),

    // What runtimes call plugins with: a product and what it needs, so that nothing here may have unsafe flags.
    library("Blocking", in: "Runtime", needs: ["OS"]),
    library("CNIRuntime", in: "Runtime", needs: ["OS", "JSON", "NetNS", "CNI", "Skel", "Invoke", "Blocking"]),
  ] + plugins + [
    .executableTarget(
      name: "swift-cni",
      dependencies: ["OS"] + neededByAllPlugins,
      swiftSettings: strict, linkerSettings: leanLink),
    // The program's plugins for runtimes that call them in their own process. Its table of plugins is a link to the program's: a module
    // of its own would make the program start slower.
    library("CNIPlugins", in: "Runtime", needs: ["CNIRuntime"] + neededByAllPlugins),
    .systemLibrary(name: "CContainer", path: "Sources/Runtime/CContainer"),
    library("Launch", in: "Runtime", needs: ["OS", "NetNS", "Netlink", "CContainer", "CLinux"]),
    library(
      "CNITool", in: "Runtime",
      needs: [
        "OS", "Address", "Digest", "JSON", "NetNS", "Netlink", "Sysctl", "Skel", "Launch", "Blocking", "CNIRuntime",
        "CNIPlugins",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "cnitool", dependencies: ["CNITool", "OS"], swiftSettings: strict,
      linkerSettings: leanLink + foundationLink),

    // The plugin to copy for a new one; in no program.
    .target(name: "Sample", dependencies: ["CNI", "Skel"], path: "Examples/Sample", swiftSettings: strict),

    // Only tests use the libraries of the netfilter project, as judges of what is written without them.
    clibrary("CMnl", in: "Tests/CNetfilter", debian: "libmnl-dev"),
    clibrary("CNftnl", in: "Tests/CNetfilter", debian: "libnftnl-dev"),
    clibrary("CIPTC", in: "Tests/CNetfilter", debian: "libiptc-dev"),
    .target(
      name: "FramingSupport", dependencies: ["CLinux", "CMnl"], path: "Tests/FramingSupport",
      swiftSettings: warningsAreErrors),

    .systemLibrary(name: "CSeccomp", path: "Tests/CSeccomp"),
    .target(
      name: "TestSupport", dependencies: ["OS", "Address", "CLinux", "CSeccomp"], path: "Tests/TestSupport",
      swiftSettings: warningsAreErrors),
    tests(
      "KernelTests", of: "OwnTable", "IPTables", "IPTablesLegacy", "Firewalld",
      needs: [
        "TestSupport", "CallSupport", "FramingSupport", "OS", "Address", "CIPTC", "CLinux", "CNI", "JSON", "Netlink",
        "Rules",
        "swift-cni", "cnitool",
      ]),
    .target(
      name: "CallSupport", dependencies: ["OS", "JSON", "Skel"], path: "Tests/CallSupport",
      swiftSettings: warningsAreErrors),
    tests(
      "JudgeTests", of: "NFTables", "OwnTable", "IPTables", "Netlink",
      needs: ["TestSupport", "Address", "CLinux", "CNI", "CNftnl", "Digest", "FramingSupport"]),
    tests("OSTests", of: "OS", needs: ["TestSupport"]),
    tests("AddressTests", of: "Address"),
    tests("DigestTests", of: "Digest"),
    tests("JSONTests", of: "JSON"),
    tests("SysctlTests", of: "Sysctl", needs: ["OS"]),
    tests("NetNSTests", of: "NetNS", needs: ["TestSupport", "OS"]),
    tests("NetlinkTests", of: "Netlink", needs: ["TestSupport", "OS", "Address", "CLinux"]),
    tests("CNITests", of: "CNI", needs: ["OS", "Address", "JSON", "NetNS", "Netlink", "CallSupport"]),
    tests("RulesTests", of: "Rules", needs: ["Address", "CNI"]),
    tests("NFTablesTests", of: "NFTables", needs: ["Address", "CLinux", "Netlink"]),
    tests(
      "OwnTableTests", of: "OwnTable",
      needs: ["NFTables", "Address", "CLinux", "CNI", "Digest", "Netlink", "Rules"]),
    tests(
      "IPTablesTests", of: "IPTables", "IPTablesLegacy",
      needs: [
        "TestSupport", "CNI", "OS", "Address", "Digest", "JSON", "Netlink", "NFTables", "OwnTable", "Rules", "CLinux",
      ]),
    tests("SkelTests", of: "Skel", needs: ["TestSupport", "OS", "JSON", "CNI", "CallSupport"]),
    tests("FirewalldTests", of: "Firewalld", needs: ["TestSupport", "OS", "Address", "CLinux", "CNI", "Rules"]),
    tests("PortmapTests", of: "Portmap", needs: ["OS", "Address", "JSON", "CNI", "Rules", "CallSupport"]),
    tests(
      "TuningTests", of: "Tuning",
      needs: ["TestSupport", "OS", "Address", "JSON", "CNI", "Netlink", "Skel", "Sysctl", "CallSupport"]),
    tests(
      "BandwidthTests", of: "Bandwidth", needs: ["Address", "JSON", "CNI", "Netlink", "Skel", "CallSupport"]),
    tests("StoreTests", of: "Store", needs: ["TestSupport", "OS", "CNI", "JSON", "CallSupport"]),
    tests("VethTests", of: "Veth", needs: ["TestSupport", "CNI", "JSON", "Netlink", "Skel"]),
    tests(
      "FirewallTests", of: "Firewall",
      needs: ["TestSupport", "OS", "Address", "JSON", "CNI", "Rules", "Skel", "CallSupport"]),
    tests("AnnouncementTests", of: "Announcement", needs: ["TestSupport", "Address", "Netlink"]),
    tests(
      "AttachingTests", of: "Attaching",
      needs: ["TestSupport", "OS", "Address", "CNI", "Invoke", "JSON", "NetNS", "Netlink", "Skel"]),
    tests("LoopbackTests", of: "Loopback", needs: ["TestSupport", "JSON", "CallSupport"]),
    tests(
      "BridgeTests", of: "Bridge",
      needs: [
        "TestSupport", "Address", "Attaching", "CNI", "Invoke", "JSON", "Netlink", "Rules", "Skel", "CallSupport",
      ]),
    tests("InvokeTests", of: "Invoke", needs: ["TestSupport", "OS", "CNI", "JSON", "Skel", "CallSupport"]),
    tests(
      "FlannelTests", of: "Flannel",
      needs: ["TestSupport", "OS", "Address", "CNI", "JSON", "CallSupport"]),
    tests("DummyTests", of: "Dummy", needs: ["TestSupport", "Invoke", "CallSupport"]),
    tests("MacvlanTests", of: "Macvlan", needs: ["TestSupport", "CNI", "JSON", "Netlink"]),
    tests(
      "PTPTests", of: "PTP",
      needs: ["TestSupport", "OS", "Address", "CNI", "Invoke", "JSON", "Rules", "Skel", "CallSupport"]),
    tests("TapTests", of: "Tap", needs: ["CNI", "JSON"]),
    tests("HostDeviceTests", of: "HostDevice", needs: ["TestSupport", "CNI", "Invoke", "JSON", "CallSupport"]),
    tests("IPAMTests", of: "IPAM", needs: ["Address", "CNI", "JSON", "CallSupport"]),
    tests(
      "HostLocalTests", of: "HostLocal",
      needs: ["TestSupport", "OS", "Address", "CNI", "IPAM", "JSON", "CallSupport"]),
    tests("StaticTests", of: "Static", needs: ["JSON", "CallSupport"]),
    tests("BlockingTests", of: "Blocking", needs: ["OS"]),
    tests(
      "CNIRuntimeTests", of: "CNIRuntime", needs: ["TestSupport", "CNI", "CallSupport", "Invoke", "JSON", "OS", "Skel"]),
    tests("CNIPluginsTests", of: "CNIPlugins", "CNIRuntime", needs: ["TestSupport"]),
    tests("LaunchTests", of: "Launch", needs: ["TestSupport", "OS"]),
    tests(
      "CNIToolTests", of: "CNITool",
      needs: [
        "TestSupport", "OS", "JSON", "CNIRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    tests("SampleTests", of: "Sample", needs: ["JSON", "CallSupport"]),
    .executableTarget(
      name: "Bench", dependencies: ["TestSupport", "CLinux"], path: "Benchmarks/Bench", swiftSettings: warningsAreErrors
    ),
  ],
  swiftLanguageModes: [.v6]
)

// For `swift package generate-documentation`; scripts/docs needs no package, and so nothing is fetched unless it is asked for.
if Context.environment["SWIFT_CNI_DOCC_PLUGIN"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
