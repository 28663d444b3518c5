// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Replaces the runtime's search for the swift-backtrace program at link time, and finds none. The runtime's own function looks in seven
/// folders at every start, and aborts if there is no /proc. `SWIFT_BACKTRACE=swift-backtrace=/path/to/it` still works.
@_cdecl("swift_copyAuxiliaryExecutablePath")
func backtracer(_ name: UnsafePointer<CChar>?) -> UnsafeMutablePointer<CChar>? { nil }
