// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Firewalld
import Glibc
import OS
import TestSupport

/// A firewalld with a message bus of its own, in a network namespace; both end with this object, or a moment after this process.
final class FirewalldNode {
  let namespace: Namespace
  private let folder: TemporaryFolder
  private let daemons: RunningProgram

  /// Starts a bus, and firewalld unless only a bus is wanted.
  init(in namespace: Namespace? = nil, firewalld: Bool = true) throws {
    self.namespace = try namespace ?? Namespace()
    folder = try TemporaryFolder()
    let path = folder.path
    // Another process writes the file, so that no program that starts meanwhile inherits it open.
    let written = try Program("install").run(
      ["-D", "-m", "644", "/dev/stdin", "\(path)/bus.conf"], input: Array(Self.busConfig(path).utf8))
    guard written.status == 0 else { throw CommandFailure(words: ["install"], outcome: written) }
    let words = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", Self.script]
    let environment = [
      "PATH": Program.standardPath, "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1",
      "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(path)/bus",
    ]
    daemons = try self.namespace.run {
      try Program("unshare").start(
        words + ["daemons", path, "\(getpid())", firewalld ? "yes" : ""], environment: environment)
    }
    try waitUntil("the bus is there") { isBusThere(path) }
    if firewalld { try waitUntil("firewalld is on the bus") { try isRunning() } }
  }

  /// The address of the bus, for `DBUS_SYSTEM_BUS_ADDRESS`.
  var busAddress: String { "unix:path=\(folder.path)/bus" }

  /// Runs `firewall-cmd` and returns its output without the last line's end; throws if it fails.
  @discardableResult
  func firewallCmd(_ words: String...) throws -> String {
    let environment = ["PATH": Program.standardPath, "LC_ALL": "C", "DBUS_SYSTEM_BUS_ADDRESS": busAddress]
    let outcome = try namespace.run { try Program("firewall-cmd").run(words, environment: environment) }
    guard outcome.status == 0 else { throw CommandFailure(words: ["firewall-cmd"] + words, outcome: outcome) }
    return String(outcome.outputText.prefix { $0 != "\n" })
  }

  /// The addresses that are in a zone.
  func sources(_ zone: String) throws -> [String] {
    try firewallCmd("--zone", zone, "--list-sources").split(separator: " ").map(String.init)
  }

  /// Stops firewalld as an init system does; the bus stays.
  func stopFirewalld() throws {
    guard mkdir("\(folder.path)/stop", 0o700) == 0 else { throw SystemError("mkdir", number: errno) }
    try waitUntil("firewalld has ended") { try !isRunning() }
  }

  /// Kills everything at once; the bus's socket stays, without a listener.
  func kill() throws {
    daemons.kill()
    try waitUntil("the bus has ended") {
      do throws(DBusError) {
        _ = try SystemBus.connect(to: busAddress)
        return false
      } catch {
        if case .noBus = error { return true }
        return false
      }
    }
  }

  /// Waits until the bus writes its address: the socket exists a moment before the bus listens.
  private func isBusThere(_ folder: String) -> Bool {
    guard let file = try? FileDescriptor.open("\(folder)/address"), let text = try? file.readAll() else { return false }
    return !text.isEmpty
  }

  private func isRunning() throws -> Bool { try Firewalld.isRunning(bus: busAddress) }

  private func waitUntil(_ what: String, _ isSo: () throws -> Bool) throws {
    let end = monotonicMilliseconds() + 20_000
    while try !isSo() {
      guard monotonicMilliseconds() < end else { throw Late(what: what, log: log) }
      usleep(10_000)
    }
  }

  private var log: String { (try? Program("cat").run(["\(folder.path)/log"]).outputText) ?? "" }

  struct Late: Error {
    let what: String
    let log: String
  }

  /// The first process of a pid namespace, whose end ends all others. firewalld writes below /run, outside its folders, and sees
  /// this process in /proc, which is the machine's.
  private static let script = """
    mount -t tmpfs tmpfs /run || exit
    dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile --nosyslog --print-address=9 9>"$1/address" &
    if [ -n "$3" ]; then
      while ! [ -s "$1/address" ]; do sleep 0.01; done
      firewalld --nofork --nopid --system-config "$1/etc" --log-target file --log-file "$1/log" &
      firewalld=$!
    fi
    while [ -d "/proc/$2" ]; do
      if [ -d "$1/stop" ]; then kill "$firewalld"; rmdir "$1/stop"; fi
      sleep 0.1
    done
    """

  private static func busConfig(_ folder: String) -> String {
    """
    <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
      "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
    <busconfig>
      <listen>unix:path=\(folder)/bus</listen>
      <auth>EXTERNAL</auth>
      <policy user="root">
        <allow own="*"/>
        <allow send_destination="*"/>
        <allow receive_sender="*"/>
      </policy>
    </busconfig>

    """
  }
}
