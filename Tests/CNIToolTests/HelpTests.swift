// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import OS
import Testing

@testable import CNITool

@Suite("help, man page and completions") struct HelpTests {
  static let commands = Tool.configuration.subcommands

  /// The man page as it is read: without the backslashes before dashes.
  private static let manual: String = {
    let folder = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    let text = (try? FileDescriptor.open("\(folder)/docs/cnitool.8").readAll()) ?? []
    return String(decoding: text, as: UTF8.self).replacing("\\-", with: "-")
  }()

  private func name(_ command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? "\(command)".lowercased()
  }

  /// The options that a command's help describes, and the names of its arguments.
  private func words(in help: String) -> [String] {
    help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
      line.prefix(26).split { " ,".contains($0) }.map(String.init).filter { $0.hasPrefix("-") }
    }
  }

  @Test("each command's help has an example that begins with its name", arguments: commands.indices)
  func examples(index: Int) {
    let command = Self.commands[index]
    let help = Tool.helpMessage(for: command, columns: 100)
    let examples = help.components(after: "Example")
    #expect(examples.contains("cnitool \(name(command))"))
  }

  @Test("the man page has each command and each option", arguments: commands.indices)
  func manual(index: Int) {
    let command = Self.commands[index]
    #expect(
      Self.manual.contains("\n.BR \(name(command)) ") || Self.manual.contains("\n.B \(name(command))\n")
        || Self.manual.contains("\n.BR \"\(name(command)) "))
    let options = words(in: Tool.helpMessage(for: command, columns: 100))
    #expect(options.contains("--help") && options.contains("--json"))
    for option in options {
      #expect(Self.manual.contains("\(option) ") || Self.manual.contains("\(option)\n"), "\(option)")
    }
  }

  @Test("the man page has each variable of the help, and nothing else of the command line")
  func variables() {
    let help = Tool.helpMessage(columns: 200)
    for name in ["NETCONFPATH", "CNI_PATH", "CNI_ARGS", "CAP_ARGS", "CNI_IFNAME"] {
      #expect(help.contains("  \(name) ") && Self.manual.contains("\n.B \(name)\n"))
    }
    let known = Self.commands.flatMap { words(in: Tool.helpMessage(for: $0, columns: 100)) }
    let named = Self.manual.split { !($0.isLetter || $0 == "-") }.filter { $0.hasPrefix("--") && $0.count > 2 }
    for option in named where !["--version", "--generate-completion-script"].contains(option) {
      #expect(known.contains(String(option)), "\(option)")
    }
  }

  @Test("there are completions with each command for each shell", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let shell = try #require(CompletionShell(rawValue: shell))
    let script = Tool.completionScript(for: shell)
    for command in Self.commands { #expect(script.contains(name(command))) }
    #expect(script.contains("--publish") || script.contains("publish"))
  }
}

extension String {
  /// What follows the first occurrence of a word; empty if there is none.
  fileprivate func components(after word: String) -> String {
    guard let range = firstRange(of: word) else { return "" }
    return String(self[range.upperBound...])
  }
}
