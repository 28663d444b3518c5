// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import Launch
import NetNS
import Netlink
import OS

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command in a network namespace that is attached to networks.",
    usage: """
      cnitool run [<options>] [<network> ...] [-- <command> ...]
      cnitool run --pid <pid> [<options>] [<network> ...] [-- <command> ...]
      """,
    discussion: """
      Makes a network namespace, attaches it to the networks in order (eth0, eth1, ...), runs the command in it, and deletes \
      everything when the command ends or cnitool is interrupted. Without networks it takes the first one of the folder, \
      without a command a shell. A network is a name, or a file with a slash in its path.

      The command has the caller's terminal, user and files; only its network is its own. Signals are passed on, and its \
      exit status is returned: 128 and the signal's number if a signal ended it, 127 if there is no such program, 126 if it \
      cannot be executed, 125 if cnitool itself failed. If cnitool is killed, so is the command, and the next run or gc \
      deletes the rest.

      With --pid or --container it makes no namespace and attaches that of a running process; interfaces get the first names \
      that are free. Without a command the attachments stay until the process ends or cnitool is interrupted.

      Examples:
        cnitool run -- ip address
        cnitool run chain -p 8080:80 -- busybox httpd -f -p 80 -h /srv/www
        cnitool run ./conf-examples/chain.conflist --bandwidth 10M --name web
        cnitool run lan storage -- sh -c 'ip route; exec sh'
        cnitool run --container web lan
      """)

  @Argument(
    help: "The networks: names in NETCONFPATH, or paths of files.", completion: .custom { _, _, _ in networkNames() })
  var networks: [String] = []

  /// The words behind `--`, which ``Tool`` puts here: the parser has no list of arguments behind another one. They need not be UTF-8.
  var command: [[UInt8]] = []

  @Option(name: .shortAndLong, help: "The namespace's name in /run/netns, for ip-netns(8) (default: a random one).")
  var name: String?

  @Option(help: "Attach the network namespace of this process.")
  var pid: Int32?

  @Option(
    help: "Attach the network namespace of a container: of docker, podman, containerd or CRI-O, by its ID or name.")
  var container: String?

  @OptionGroup var options: ContainerOptions
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  enum CodingKeys: CodingKey {
    case networks, name, pid, container, options, execution, output
  }

  func validate() throws {
    if pid != nil, container != nil { throw ValidationError("--pid and --container exclude each other") }
    if let pid, pid < 1 { throw ValidationError("--pid \(pid): expected the ID of a process") }
    if let name {
      if pid != nil || container != nil { throw ValidationError("--name is for a namespace that cnitool makes") }
      let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "/") } && !name.hasPrefix(".")
      let isFree = !name.hasSuffix(".resolv.conf") && (1...200).contains(name.utf8.count)
      if !isPlain || !isFree { throw ValidationError("--name \(name): expected a file's name") }
    }
  }

  func run() throws {
    let status: Int32
    do throws(ToolFailure) {
      status = try execute()
    } catch {
      // Scripts tell cnitool's own failures from the command's.
      throw error.exitStatus == 1 ? error.exiting(with: 125) : error
    }
    throw ExitCode(status)
  }

  private func execute() throws(ToolFailure) -> Int32 {
    let settings = try Settings()
    let networks = try settings.networks(networks)
    let joined = try joinedProcess()
    let name = name ?? "cnitool-\(randomDigits())"
    let path = joined.map { "/proc/\($0)/ns/net" } ?? NamedNamespaces().path(name)
    let plan = try RunPlan(
      networks, interfaces: freeInterfaces(networks.count, joined.map { _ in path }),
      containerID: containerID(forNamespace: path), namespace: path, options: options, settings: settings,
      process: joined.flatMap { id in startTime(ofProcess: Int(id)).map { .init(id: id, start: $0) } })
    let shell = Environment.process["SHELL"].flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
    return try ContainerRun(
      plan: plan, name: name, joined: joined, command: command.isEmpty && joined == nil ? [Array(shell.utf8)] : command,
      options: options, runtime: settings.runtime(execution.executor)
    ).execute()
  }

  private func joinedProcess() throws(ToolFailure) -> Int32? {
    let process = try container.map { name throws(ToolFailure) in try ContainerFinder().process(of: name) } ?? pid
    guard let process else { return nil }
    do {
      let own = try NetworkNamespace.current()
      let other = try NetworkNamespace.open("/proc/\(process)/ns/net")
      if !other.isSame(as: own) { return process }
    } catch {
      throw ToolFailure("process \(process): \(error)", code: .badEnvironment)
    }
    throw ToolFailure(
      "process \(process) is in the same network namespace as cnitool: attach a container that has its own",
      code: .badEnvironment)
  }

  /// The first names of the form `ethN` that no interface of the namespace has.
  private func freeInterfaces(_ count: Int, _ path: String?) throws(ToolFailure) -> [String] {
    var taken: [String] = []
    if let path {
      do {
        let namespace = try NetworkNamespace.open(path)
        taken = try namespace.run {
          NetlinkError("\($0)", number: 0)
        } _: { () throws(NetlinkError) in
          try RouteSocket.open().links().map(\.name)
        }
      } catch {
        throw ToolFailure("\(path): \(error)", code: .inputOutput)
      }
    }
    return Array((0...).lazy.map { "eth\($0)" }.filter { !taken.contains($0) }.prefix(count))
  }
}

/// Eight hexadecimal digits.
private func randomDigits() -> String {
  let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
  return String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
