// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

// Replaces, at link time, the two functions from which `CommandLine` in libswiftCore gets the arguments. The originals read
// /proc/self/maps at every start; these read the arguments when `CommandLine` is first used.

/// The arguments, and a null pointer after them.
@_cdecl("_swift_stdlib_getUnsafeArgvArgc")
func processArguments(_ count: UnsafeMutablePointer<CInt>) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
  let text = (try? FileDescriptor.open("/proc/self/cmdline").readAll()) ?? []
  // Each argument ends with a NUL.
  let words = text.split(separator: 0, omittingEmptySubsequences: false).dropLast()
  let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
  for (index, word) in words.enumerated() {
    unsafe list[index] = strdup(String(decoding: word, as: UTF8.self))
  }
  unsafe list[words.count] = nil
  unsafe count.pointee = CInt(clamping: words.count)
  return unsafe list
}

/// Does nothing: the linker needs the symbol, and this program never overrides its arguments.
@_cdecl("_swift_stdlib_overrideUnsafeArgvArgc")
func setProcessArguments(_ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: CInt) {}
