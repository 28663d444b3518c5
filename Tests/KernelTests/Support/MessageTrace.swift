// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import TestSupport
import Testing

/// The netlink messages that plugins send to the kernel, recorded by strace.
final class MessageTrace {
  private let folder = try? TemporaryFolder()

  /// The installed plugin, run by strace.
  func program(_ plugin: String) throws -> Program {
    let folder = try #require(folder)
    let binary = installedProgram(plugin).path
    let words = "-qq -e trace=socket,sendto,sendmsg -e write=all -o \(folder.path)/trace.$$"
    return Program(
      try folder.addScript("PATH=\(Program.standardPath) exec strace \(words) \(binary) \(plugin)", named: plugin))
  }

  /// All sent datagrams, each with the name of its netlink bus.
  func datagrams() throws -> [(bus: String, bytes: [UInt8])] {
    let folder = try #require(folder)
    var datagrams: [(bus: String, bytes: [UInt8])] = []
    for name in try #require(try Folder.open(folder.path)?.names()) where name.hasPrefix("trace.") {
      let text = try FileDescriptor.open("\(folder.path)/\(name)").readAll()
      datagrams += try Self.datagrams(String(decoding: text, as: UTF8.self))
    }
    return datagrams
  }

  private static func datagrams(_ trace: String) throws -> [(bus: String, bytes: [UInt8])] {
    var buses: [Substring: String] = [:]
    var datagrams: [(bus: String, bytes: [UInt8])] = []
    var isNetlink = false
    for line in trace.split(separator: "\n") {
      if let socket = line.wholeMatch(of: #/socket\(AF_NETLINK, .*, (NETLINK_\w+)\) += (\d+)/#) {
        buses[socket.2] = String(socket.1)
      } else if let send = line.prefixMatch(of: #/send(to|msg)\((\d+),/#) {
        isNetlink = buses[send.2] != nil
        if let bus = buses[send.2] { datagrams.append((bus, [])) }
      } else if line.hasPrefix(" | "), isNetlink {
        // The offset is followed by sixteen bytes in two halves.
        let digits = line.dropFirst(10).prefix(48).split(separator: " ")
        datagrams[datagrams.count - 1].bytes += digits.compactMap { UInt8($0, radix: 16) }
      } else {
        isNetlink = false
      }
    }
    return datagrams
  }
}
