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

  /// Runs the command with these arguments, those of the process without its name; returns the exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    guardStandardStreams()
    let isRun = arguments.first == "run"
    let own = isRun ? Array(arguments.prefix { $0 != "--" }) : arguments
    do {
      var command = try parseAsRoot(reordered(own))
      if var run = command as? Run {
        run.command = Array(arguments.dropFirst(own.count + 1))
        command = run
      }
      try command.run()
      return 0
    } catch let failure as ToolFailure {
      return report(failure, asJSON: own.contains("--json"))
    } catch let code as ExitCode {
      return code.rawValue
    } catch let error as SystemError {
      return report(ToolFailure(error), asJSON: own.contains("--json"))
    } catch {
      return tell(error, status: isRun ? 125 : 1)
    }
  }

  /// Upstream's cnitool takes the interface's name also before the command.
  static func reordered(_ arguments: [String]) -> [String] {
    guard let first = arguments.first else { return arguments }
    if ["-i", "--ifname"].contains(first), arguments.count > 2 {
      return [arguments[2]] + arguments[..<2] + arguments[3...]
    }
    if first.hasPrefix("--ifname="), arguments.count > 1 { return [arguments[1], first] + arguments[2...] }
    return arguments
  }

  private static func report(_ failure: ToolFailure, asJSON: Bool) -> Int32 {
    if asJSON {
      try? printJSON(failure.json)
    } else {
      note(failure.description)
    }
    return failure.exitStatus
  }

  /// Prints help to stdout and what is wrong with the arguments to stderr; upstream's status for the latter is 1.
  private static func tell(_ error: any Error, status: Int32) -> Int32 {
    let message = fullMessage(for: error)
    guard exitCode(for: error) == .success else {
      note(message)
      return status
    }
    do {
      try printLines([message])
      return 0
    } catch {
      return report(error, asJSON: false)
    }
  }
}
