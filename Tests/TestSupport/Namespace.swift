// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A new network namespace, held only by a descriptor of this process, so that it ends with the process.
package final class Namespace: Sendable {
  private let descriptor: Descriptor

  /// Makes a namespace with nothing in it but `lo`, which is up.
  package init() throws {
    let before = try Self.openCurrent()
    try systemCall("unshare") { unshare(cni_clone_newnet) }
    defer { Self.enter(before) }
    descriptor = try Self.openCurrent()
    try Self.bringUpLoopback()
  }

  /// A path by which any process of this pid namespace can open the namespace while this object lives.
  package var path: String { "/proc/\(getpid())/fd/\(descriptor.number)" }

  /// Runs `body` with this thread in the namespace; programs that it starts and sockets that it opens belong there.
  package func run<T: ~Copyable>(_ body: () throws -> T) rethrows -> T {
    guard let before = try? Self.openCurrent() else { fatalError("cannot open the network namespace of this thread") }
    Self.enter(descriptor)
    defer { Self.enter(before) }
    return try body()
  }

  /// Runs a program in the namespace and returns its stdout; throws ``CommandFailure`` if it fails.
  @discardableResult
  package func command(_ words: String..., input: String = "") throws -> String {
    try run { try command(words, input: input) }
  }

  /// Runs several commands of `ip`, one a line, in one process in the namespace.
  package func ip(_ lines: String) throws {
    try command("ip", "-batch", "-", input: lines + "\n")
  }

  /// Why no namespace can be made here; nil if one can. Enables the tests that need one.
  package static let obstacle: String? = {
    do {
      _ = try Namespace()
      return nil
    } catch {
      return "no network namespace can be made: \(error)"
    }
  }()

  private func command(_ words: [String], input: String) throws -> String {
    let environment = ["PATH": Program.standardPath, "LC_ALL": "C"]
    let outcome = try Program(words[0]).run(
      Array(words.dropFirst()), environment: environment, input: Array(input.utf8))
    guard outcome.status == 0 else { throw CommandFailure(words: words, outcome: outcome) }
    return outcome.outputText
  }

  private static func openCurrent() throws -> Descriptor {
    let path = "/proc/thread-self/ns/net"
    return Descriptor(owning: try systemCall("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) })
  }

  /// A failure ends the process, because a thread in the wrong namespace would change the machine.
  private static func enter(_ namespace: Descriptor) {
    if setns(namespace.number, cni_clone_newnet) != 0 { fatalError("setns: \(SystemError.text(errno))") }
  }

  private static func bringUpLoopback() throws {
    let carrier = Descriptor(owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0) })
    // struct ifreq (net/if.h): the name in 16 bytes, then the flags.
    var request = Array("lo".utf8) + [UInt8](repeating: 0, count: 38)
    request[16] = UInt8(IFF_UP)
    try systemCall("bring lo up") {
      request.withUnsafeMutableBytes { ioctl(carrier.number, UInt(SIOCSIFFLAGS), $0.baseAddress.unsafelyUnwrapped) }
    }
  }
}

/// A command of a test failed.
package struct CommandFailure: Error, CustomStringConvertible {
  package let words: [String]
  package let outcome: Outcome

  package init(words: [String], outcome: Outcome) {
    self.words = words
    self.outcome = outcome
  }

  package var description: String {
    "\(words.joined(separator: " ")): \(outcome.ending): \(outcome.errorText)\(outcome.outputText)"
  }
}
