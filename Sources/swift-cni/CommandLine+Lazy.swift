// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

// `CommandLine` in libswiftCore learns the arguments from these two functions. Its own read /proc/self/maps at every start,
// whether anybody asks or not, which took 8 % of a VERSION; these take their place when the program is linked, and read the
// arguments when they are asked for.

/// The arguments, and a null pointer after them.
@_cdecl("_swift_stdlib_getUnsafeArgvArgc")
func processArguments(_ count: UnsafeMutablePointer<CInt>) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
  let text = (try? FileDescriptor.open("/proc/self/cmdline").readAll()) ?? []
  // Each ends with a NUL.
  let words = text.split(separator: 0, omittingEmptySubsequences: false).dropLast()
  let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
  for (index, word) in words.enumerated() {
    unsafe list[index] = strdup(String(decoding: word, as: UTF8.self))
  }
  unsafe list[words.count] = nil
  unsafe count.pointee = CInt(clamping: words.count)
  return unsafe list
}

/// What a host of plug-ins could set; nobody does.
@_cdecl("_swift_stdlib_overrideUnsafeArgvArgc")
func setProcessArguments(_ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: CInt) {}
