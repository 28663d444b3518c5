// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Where the program is that prints a backtrace of one that crashes. The runtime's own function looks for it at every start, in
/// seven folders, and ends a program that has no /proc to learn its folder from; this takes its place when the program is linked,
/// and returns none. `SWIFT_BACKTRACE=swift-backtrace=/path/to/it` still names one.
@_cdecl("swift_copyAuxiliaryExecutablePath")
func backtracer(_ name: UnsafePointer<CChar>?) -> UnsafeMutablePointer<CChar>? { nil }
