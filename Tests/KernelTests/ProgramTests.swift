// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

/// How the program chooses its plugin; these tests change nothing in the kernel.
@Suite("the program") struct ProgramTests {
  /// The plugins that the program lists, so that a new one is tested too.
  private static let plugins: [String] = {
    let outcome = try? installedProgram("swift-cni").run(["plugins"], environment: [:], input: [])
    return outcome?.outputText.split(separator: "\n").map(String.init) ?? []
  }()
  private static let usage =
    "usage: swift-cni \(plugins.joined(separator: "|")), or a link of that name to this program; swift-cni plugins lists them\n"
  private static let version: [String: String] = ["CNI_COMMAND": "VERSION"]

  /// Runs the program under a name with these arguments.
  private func run(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = ""
  ) throws -> Outcome {
    try installedProgram(name).run(arguments, environment: environment, input: Array(input.utf8))
  }

  @Test("the program contains upstream's plugins that the README names, and not the sample")
  func contents() {
    for plugin in ["portmap", "firewall", "tuning", "bandwidth", "flannel", "host-local", "static"] {
      #expect(Self.plugins.contains(plugin))
    }
    #expect(!Self.plugins.contains("sample"))
  }

  @Test(
    "under a plugin's name, with a folder before it or not, the program is that plugin", arguments: plugins,
    ["", "/opt/cni/bin/", "./", "/swift-cni/portmap/"])
  func pluginName(plugin: String, folder: String) throws {
    let outcome = try run(folder + plugin)
    #expect(outcome.status == 0)
    #expect(outcome.errorText.hasPrefix("CNI \(plugin) plugin v1.9.1+swift-cni."))
    #expect(outcome.output.isEmpty)
  }

  @Test(
    "under another name the first argument says which plugin the program is", arguments: plugins,
    ["swift-cni", "/opt/cni/bin/swift-cni", "swift-cni-1.0", "Portmap", ""])
  func argument(plugin: String, name: String) throws {
    for rest in [[], ["x"], ["tuning"]] {
      let outcome = try run(name, [plugin] + rest)
      #expect(outcome.status == 0)
      #expect(outcome.errorText.hasPrefix("CNI \(plugin) plugin v1.9.1+swift-cni."))
    }
  }

  @Test(
    "under a plugin's name the arguments are ignored",
    arguments: [["portmap"], ["nosuch"], [""], ["--version"], ["-h"]])
  func nameFirst(arguments: [String]) throws {
    let outcome = try run("tuning", arguments)
    #expect(outcome.status == 0)
    #expect(outcome.errorText.hasPrefix("CNI tuning plugin v1.9.1+swift-cni."))
  }

  @Test(
    "without a plugin's name the program prints its usage to stderr, and fails with status 2",
    arguments: [
      [], [""], ["nosuch"], ["Portmap"], ["portmap "], ["/opt/cni/bin/portmap"], ["--verbose"], ["nosuch", "portmap"],
    ])
  func usage(arguments: [String]) throws {
    for environment in [[:], Self.version] {
      let outcome = try run("swift-cni", arguments, environment: environment)
      #expect(outcome.status == 2)
      #expect(outcome.errorText == Self.usage)
      #expect(outcome.output.isEmpty)
    }
  }

  @Test(
    "--version and -h print the version as the first word with digits, and succeed",
    arguments: ["--version", "-h", "--help"])
  func version(argument: String) throws {
    let outcome = try run("swift-cni", [argument])
    #expect(outcome.status == 0)
    #expect(outcome.outputText.hasPrefix("swift-cni 0.2.0 (CNI plugins, upstream level v1.9.1)\n"))
    #expect(outcome.outputText.hasSuffix(Self.usage) == (argument != "--version"))
    #expect(outcome.errorText.isEmpty)
  }

  /// The line that nerdctl reads on stderr, and its pattern for a version.
  @Test("started by hand, each plugin says its name and its version as nerdctl and Nomad read them", arguments: plugins)
  func introduction(plugin: String) throws {
    for arguments in [[], ["--version"], ["-h"]] {
      let outcome = try run("/opt/cni/bin/\(plugin)", arguments)
      let lines = outcome.errorText.split(separator: "\n")
      #expect(lines.first == "CNI \(plugin) plugin v1.9.1+swift-cni.0.2.0")
      #expect(lines.last == "CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0")
      #expect(lines.count == 2 && outcome.status == 0 && outcome.output.isEmpty)
    }
  }

  /// Runs the program by a shell, as portmap.
  private func shell(_ script: String) throws -> Outcome {
    try Program("/bin/sh").run(
      ["-c", script, "sh", installedProgram("portmap").path], environment: ["PATH": Program.standardPath])
  }

  @Test("VERSION returns at once, and leaves stdin unread")
  func versionWithoutInput() throws {
    let loop =
      "printf 'a\\nb\\nc\\n' | while read line; do CNI_COMMAND=VERSION \"$1\" portmap >/dev/null && echo $line; done"
    #expect(try shell(loop).outputText == "a\nb\nc\n")
    let closed = try shell("CNI_COMMAND=VERSION \"$1\" portmap <&-")
    #expect(closed.status == 0 && closed.outputText.contains("supportedVersions"))
    // stdin stays open and silent, as a terminal or an ssh session.
    let open = "f=$(mktemp -u) && mkfifo $f && CNI_COMMAND=VERSION timeout 5 \"$1\" portmap <>$f; r=$?; rm $f; exit $r"
    let silent = try shell(open)
    #expect(silent.status == 0 && silent.outputText.contains("supportedVersions"))
  }

  @Test(
    "a result that cannot be written is an error on stderr, and no opened file becomes a standard stream")
  func closedOutput() throws {
    let version = "CNI_COMMAND=VERSION \"$1\" portmap"
    for (redirection, reason) in [
      (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device"), (">/dev/full 2>/dev/full", ""),
    ] {
      let outcome = try shell("\(version) \(redirection)")
      #expect(outcome.status == 1)
      #expect(outcome.errorText == (reason.isEmpty ? "" : "portmap: stdout: write: \(reason) (code 5)\n"))
    }
    // With stdin closed, the first file that the program opens would become its stdin.
    let status = #"CNI_COMMAND=STATUS "$1" tuning <&-"#
    #expect(errorObject(try shell(status))?.message == "stdin: read: Bad file descriptor")
    // A closed pipe kills a program that does not ignore SIGPIPE.
    let pipe = try shell(#"(sleep 0.2; CNI_COMMAND=VERSION "$1" portmap; echo $? >&2) | true"#)
    #expect(pipe.errorText == "portmap: stdout: write: Broken pipe (code 5)\n1\n")
  }

  @Test("a call has the same outcome under the plugin's name and with it as the argument", arguments: plugins)
  func call(plugin: String) throws {
    let bad = ["CNI_COMMAND": "STATUS"]
    for (environment, input, status) in [(Self.version, "", 0), (bad, "nonsense", 1), (bad, "{}", 1)] {
      let named = try run(plugin, environment: environment, input: input)
      let argument = try run("swift-cni", [plugin], environment: environment, input: input)
      #expect(named.status == Int32(status))
      #expect(argument.status == named.status)
      #expect(argument.output == named.output)
      #expect(!named.output.isEmpty && named.errorText.isEmpty && argument.errorText.isEmpty)
    }
  }
}
