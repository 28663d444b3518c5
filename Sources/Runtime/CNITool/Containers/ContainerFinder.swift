// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// Finds the process of a running container by what runtimes leave in files and in /proc; executes none of their programs.
///
/// A container is known by its ID, by the ID's beginning, or by its name in Docker or podman.
package struct ContainerFinder: Sendable {
  private let root: String

  /// Looks below another root folder in tests.
  package init(root: String = "") { self.root = root }

  /// The first process of a container.
  package func process(of name: String) throws(ToolFailure) -> Int32 {
    guard !name.isEmpty, !name.contains("/") else {
      throw ToolFailure("\"\(name)\" is no container's ID or name", code: .badEnvironment)
    }
    let ids = ids(named: name)
    let wanted = ids.isEmpty ? [name] : ids
    var found: [Found] = []
    for id in wanted { found += states(id) }
    // Runtimes whose files are not known are found by the control group.
    if found.isEmpty {
      for id in wanted { found += groups(id) }
    }
    let distinct = found.map(\.id).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    if distinct.count > 1 {
      let list = distinct.sorted().joined(separator: ", ")
      throw ToolFailure("\"\(name)\" is the beginning of more than one container's ID: \(list)", code: .badEnvironment)
    }
    guard let first = found.min(by: { $0.process < $1.process }) else {
      throw ToolFailure(
        "no running container \"\(name)\": looked at the state of docker, podman, containerd and CRI-O and at the control groups; "
          + "--pid takes the ID of any process", code: .badEnvironment)
    }
    return first.process
  }

  struct Found: Sendable {
    let id: String
    let process: Int32
  }

  /// The files of a running container's process ID, below a folder with a folder for each container.
  private static let stateFiles: [(folder: String, file: String)] = [
    // runc and crun write state.json or status; shims of containerd init.pid; podman pidfile.
    ("/run/runc", "state.json"), ("/run/crun", "status"), ("/run/docker/runtime-runc/moby", "state.json"),
    ("/run/containers/storage/overlay-containers", "userdata/pidfile"),
    ("/run/containers/storage/vfs-containers", "userdata/pidfile"),
    ("/var/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby", "init.pid"),
  ]

  /// Folders of containerd, with a folder for each of its namespaces.
  private static let namespacedFiles: [(folder: String, file: String)] = [
    ("/run/containerd/io.containerd.runtime.v2.task", "init.pid"), ("/run/containerd/runc", "state.json"),
  ]

  private func states(_ id: String) -> [Found] {
    var folders = Self.stateFiles
    for (folder, file) in Self.namespacedFiles {
      folders += names(folder).map { ("\(folder)/\($0)", file) }
    }
    var found: [Found] = []
    for (folder, file) in folders {
      for container in names(folder) where container.hasPrefix(id) {
        guard let process = processID(in: "\(folder)/\(container)/\(file)"), isAlive(process) else { continue }
        found.append(Found(id: container, process: process))
      }
    }
    return found
  }

  /// A number, or an object with `init_process_pid` (runc) or `pid` (crun).
  private func processID(in file: String) -> Int32? {
    guard let bytes = contents(file) else { return nil }
    let text = String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    if let number = Int32(text) { return number > 0 ? number : nil }
    let state = Field(try? JSON(parsing: bytes))
    for key in ["init_process_pid", "pid"] {
      if let number = (try? state[key].integer(in: 1...Int(Int32.max))) ?? nil { return Int32(number) }
    }
    return nil
  }

  /// Processes whose control group bears the ID: `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, or the
  /// ID alone.
  private func groups(_ id: String) -> [Found] {
    return names("/proc").compactMap { Int32($0) }.flatMap { process -> [Found] in
      let text = contents("/proc/\(process)/cgroup").map { String(decoding: $0, as: UTF8.self) } ?? ""
      return Self.ids(inGroups: text).filter { $0.hasPrefix(id) }.prefix(1).map { Found(id: $0, process: process) }
    }
  }

  /// The IDs of containers in the paths of a process's control groups, without what runtimes put around them. Other names, such as that of
  /// the group of all containers, have not the form of an ID: 64 hexadecimal digits.
  package static func ids(inGroups text: String) -> [String] {
    text.split(separator: "\n").flatMap { line -> [String] in
      let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
      return path.split { $0 == "/" || $0 == ":" }.compactMap { part in
        var name = String(part)
        if name.hasSuffix(".scope") { name.removeLast(6) }
        for prefix in ["docker-", "libpod-", "cri-containerd-", "crio-", "nerdctl-", "containerd-"]
        where name.hasPrefix(prefix) {
          name.removeFirst(prefix.count)
          break
        }
        return name.utf8.count == 64 && name.allSatisfy { "0123456789abcdef".contains($0) } ? name : nil
      }
    }
  }

  /// Whether a process exists.
  private func isAlive(_ process: Int32) -> Bool { pathExists("\(root)/proc/\(process)") }
}

extension ContainerFinder {
  /// The IDs of containers with a name, in Docker's and podman's files.
  private func ids(named name: String) -> [String] {
    var ids: [String] = []
    let docker = "/var/lib/docker/containers"
    for id in names(docker) {
      guard let config = json("\(docker)/\(id)/config.v2.json") else { continue }
      if ((try? config["Name"].string()) ?? nil) == "/\(name)" { ids.append(id) }
    }
    for storage in ["overlay-containers/containers.json", "vfs-containers/containers.json"] {
      let file = "/var/lib/containers/storage/\(storage)"
      for container in ((try? json(file)?.array()) ?? nil) ?? [] {
        let names = ((try? container["names"].strings()) ?? nil) ?? []
        if names.contains(name), let id = (try? container["id"].string()) ?? nil { ids.append(id) }
      }
    }
    return ids
  }

  private func json(_ file: String) -> Field? { contents(file).flatMap { try? JSON(parsing: $0) }.map { Field($0) } }

  private func contents(_ file: String) -> [UInt8]? {
    try? FileDescriptor.open(root + file, .nonblocking).readAll(limit: 4 << 20)
  }

  private func names(_ folder: String) -> [String] {
    guard let path = resolvedPath(root + folder), let opened = try? Folder.open(path) else { return [] }
    return (try? opened.names()) ?? []
  }
}
