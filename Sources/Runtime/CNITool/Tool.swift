// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import OS
import Skel

/// The command `cnitool`.
package struct Tool: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "cnitool",
    abstract: "Attach containers and commands to networks of the Container Network Interface.",
    discussion: """
      Environment:
        NETCONFPATH  the folder of the network configurations (default: /etc/cni/net.d)
        CNI_PATH     the folders of the plugins, separated by colons (default: /opt/cni/bin, /usr/lib/cni,
                     /usr/libexec/cni and the folder of cnitool)
        CNI_ARGS     arguments for plugins: KEY=VALUE;KEY=VALUE
        CAP_ARGS     capability arguments: a JSON object, such as {"mac": "02:00:00:00:00:09"}
        CNI_IFNAME   the interface's name in the container (default: eth0)

      Examples:
        cnitool run -- ip address
        cnitool run chain -p 8080:80 -- busybox httpd -f -p 80
        cnitool add chain /run/netns/c1
        cnitool attachments
      """,
    version: "cnitool \(Version.program) (swift-cni)",
    subcommands: [
      Run.self, Add.self, Delete.self, Check.self, CollectGarbage.self, Status.self, List.self, Attachments.self,
      Validate.self, ExecPlugins.self,
    ])

  package init() {}

  /// Runs the command with these arguments, those of the process without its name; returns the exit status. `words` are their bytes, where they
  /// are known: the words of run's command need not be UTF-8.
  package static func run(_ arguments: [String], words: [[UInt8]]? = nil) -> Int32 {
    guardStandardStreams()
    let isRun = arguments.first == "run"
    let own = isRun ? Array(arguments.prefix { $0 != "--" }) : arguments
    let words = words.flatMap { $0.count == arguments.count ? $0 : nil } ?? arguments.map { Array($0.utf8) }
    let asJSON = own.contains("--json")
    do {
      for (word, argument) in zip(words, own) where word != Array(argument.utf8) {
        throw ToolFailure("the argument \(argument) is not UTF-8", code: .badEnvironment, exitStatus: isRun ? 125 : 1)
      }
      var command = try parseAsRoot(reordered(own))
      if var run = command as? Run {
        run.command = Array(words.dropFirst(own.count + 1))
        command = run
      }
      try command.run()
      return 0
    } catch let failure as ToolFailure {
      return report(failure, asJSON: asJSON)
    } catch let code as ExitCode {
      return code.rawValue
    } catch let error as SystemError {
      return report(ToolFailure(error), asJSON: asJSON)
    } catch {
      return tell(error, status: isRun ? 125 : 1, asJSON: asJSON)
    }
  }

  /// What upstream's cnitool takes: the interface's name also before the command, and in one word with its letter (`-ieth1`, `-i=eth1`).
  static func reordered(_ arguments: [String]) -> [String] {
    guard let first = arguments.first,
      ["add", "check", "del"].contains(first) || first.hasPrefix("-i") || first.hasPrefix("--ifname")
    else { return arguments }
    let own = arguments.prefix { $0 != "--" }
    let words =
      own.flatMap { word in
        if word == "--ifname=" { return ["--ifname", ""] }
        guard word.hasPrefix("-i"), word.utf8.count > 2 else { return [word] }
        return ["--ifname", String(word.dropFirst(word.hasPrefix("-i=") ? 3 : 2))]
      } + arguments.dropFirst(own.count)
    if ["-i", "--ifname"].contains(words[0]), words.count > 2 { return [words[2]] + words[..<2] + words[3...] }
    if words[0].hasPrefix("--ifname="), words.count > 1 { return [words[1], words[0]] + words[2...] }
    return words
  }

  private static func report(_ failure: ToolFailure, asJSON: Bool) -> Int32 {
    if !asJSON || (try? printJSON(failure.json)) == nil { note(failure.description) }
    return failure.exitStatus
  }

  /// Prints help to stdout and what is wrong with the arguments to stderr; upstream's status for the latter is 1.
  private static func tell(_ error: any Error, status: Int32, asJSON: Bool) -> Int32 {
    let message = fullMessage(for: error)
    guard exitCode(for: error) == .success else {
      let failure = ToolFailure(asJSON ? self.message(for: error) : message, code: .badEnvironment, exitStatus: status)
      return report(failure, asJSON: asJSON)
    }
    do {
      try printLines([message])
      return 0
    } catch {
      return report(error, asJSON: false)
    }
  }
}
