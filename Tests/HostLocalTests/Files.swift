// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// Writes over a file in place, and creates it if it is missing.
func writeFile(_ text: String, to path: String) throws {
  let number = try systemCall("open \(path)") { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
  try FileDescriptor(owning: number).writeAll(Array(text.utf8))
}

func readFile(_ path: String) throws -> String {
  String(decoding: try FileDescriptor.open(path).readAll(), as: UTF8.self)
}

func removeFile(_ path: String) throws { try systemCall("remove \(path)") { unlink(path) } }

func makeFolder(_ path: String) throws { _ = try Folder.make(path) }

func linkSymbolically(_ path: String, to target: String) throws {
  try systemCall("link \(path)") { symlink(target, path) }
}

func mode(_ path: String) throws -> mode_t {
  var found = stat()
  try systemCall("stat \(path)") { stat(path, &found) }
  return found.st_mode & 0o7777
}
