// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CContainer
import CLinux
import Glibc
import NetNS
import OS

/// A command that could not be started.
package struct CommandError: Error, CustomStringConvertible {
  package let description: String
  /// As env(1) has it: 127 if there is no such program, 126 if it cannot be executed, 125 if the container could not be prepared.
  package let exitStatus: Int32
}

/// A command to run in a network namespace. It has this process's terminal, process group and root folder, and its own mounts: /sys shows
/// the interfaces of its network.
package struct ContainerCommand: Sendable {
  private let words: [[UInt8]]
  /// Variables beside those of this process, or in their place.
  private let variables: [(name: String, value: String)]
  /// A file that it sees in place of /etc/resolv.conf.
  private let resolverFile: String?

  /// `words` are the program, which is looked for in `PATH`, and its arguments, as bytes: they need not be UTF-8.
  package init(_ words: [[UInt8]], variables: [(name: String, value: String)] = [], resolverFile: String? = nil) {
    self.words = words
    self.variables = variables
    self.resolverFile = resolverFile
  }

  /// Starts it. It is killed when the calling thread ends, and so with this process.
  package func start(in namespace: borrowing NetworkNamespace) throws(CommandError) -> RunningCommand {
    var step = cni_start_ok
    var number: Int32 = 0
    let words = unsafe copies(self.words)
    let programs = unsafe copies(candidates)
    // Its second word is the file, which is not known yet.
    var script = unsafe copies([Array("/bin/sh".utf8)]) + [nil] + words.dropFirst()
    let environment = unsafe copies(variables.map { Array("\($0.name)=\($0.value)".utf8) })
    defer { unsafe (words + programs + environment + script.prefix(1)).forEach { unsafe free($0) } }
    unsafe script.append(nil)
    let inherited = unsafe inheritedVariables
    let descriptor = namespace.descriptor
    let resolver = unsafe resolverFile.map { unsafe strdup($0) } ?? nil
    defer { unsafe free(resolver) }
    let pid = unsafe (programs + [nil]).withUnsafeBufferPointer { programs in
      unsafe (words + [nil]).withUnsafeBufferPointer { words in
        unsafe (environment + inherited + [nil]).withUnsafeBufferPointer { environment in
          unsafe script.withUnsafeMutableBufferPointer { script in
            var command = unsafe cni_command(
              programs: programs.baseAddress, words: words.baseAddress, script: script.baseAddress,
              environment: environment.baseAddress, network: descriptor, resolver: resolver)
            return unsafe cni_start(&command, &step, &number)
          }
        }
      }
    }
    if pid < 0 { throw error(step, number) }
    return RunningCommand(pid: pid)
  }

  /// The files that may be the program: in the folders of `PATH`, unless its name has a slash.
  private var candidates: [[UInt8]] {
    guard let name = words.first, !name.isEmpty else { return [] }
    if name.contains(UInt8(ascii: "/")) { return [name] }
    let path = Environment.process["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    // An empty entry is the current folder (execvp(3)).
    return path.split(separator: ":", omittingEmptySubsequences: false).map { folder in
      Array("\(folder.isEmpty ? "." : folder)/".utf8) + name
    }
  }

  private func copies(_ texts: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
    unsafe texts.map { text in
      unsafe (text.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { text in
        unsafe text.baseAddress.flatMap { unsafe strdup($0) }
      }
    }
  }

  /// This process's variables but for those that are replaced; as bytes, because they may not be UTF-8.
  private var inheritedVariables: [UnsafeMutablePointer<CChar>?] {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe []
    guard var next = unsafe cni_environment() else { return unsafe list }
    while let entry = unsafe next.pointee {
      let name = unsafe String(cString: entry).prefix { $0 != "=" }
      if !variables.contains(where: { $0.name == name }) { unsafe list.append(entry) }
      unsafe next += 1
    }
    return unsafe list
  }

  private func error(_ step: cni_start_step, _ number: Int32) -> CommandError {
    let reason = SystemError.text(number)
    switch step {
    case cni_start_program:
      let status: Int32 = number == ENOENT || number == ENOTDIR ? 127 : 126
      return CommandError(
        description: "run \(String(decoding: words.first ?? [], as: UTF8.self)): \(reason)", exitStatus: status)
    case cni_start_network:
      return CommandError(description: "enter the network namespace: \(reason)", exitStatus: 125)
    case cni_start_mounts:
      return CommandError(description: "make a mount namespace: \(reason)", exitStatus: 125)
    case cni_start_resolver:
      return CommandError(
        description: "mount over /etc/resolv.conf, which must exist: \(reason)", exitStatus: 125)
    default:
      return CommandError(description: "start a process: \(reason)", exitStatus: 125)
    }
  }
}
