// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// Logs a line per call and per note to a file, because kubelet discards the stderr of plugins:
///
///     2026-11-27T22:59:01.123Z info portmap ADD net/id/eth0: ok, 2.1 ms
///
/// Enabled by `"log": {"file": "/var/log/cni.log", "level": "info", "format": "json"}` in the configuration, or by the variable
/// `SWIFT_CNI_LOG=debug`, which logs to stderr unless the configuration names a file. The file is opened for each call, so that it can
/// be rotated.
struct CallLog: Equatable {
  enum Level: String, CaseIterable {
    case info
    /// Also logs stdin, the changes in the kernel, and stdout.
    case debug
  }

  enum Format: String, CaseIterable {
    case text, json
  }

  static let variable = "SWIFT_CNI_LOG"

  /// Nil for stderr.
  var file: String?
  var level = Level.info
  var format = Format.text

  /// Reads the settings; nil if there are none. The configuration overrides the environment.
  init?(_ document: Field?, _ environment: Environment) throws(FieldError) {
    let asked = environment[Self.variable].flatMap { Level(rawValue: $0) }
    let field = document?["log"]
    guard field?.isPresent ?? false || asked != nil else { return nil }
    if let asked { level = asked }
    guard let field, let members = try field.object(), !members.members.isEmpty else {
      if asked == nil { return nil }
      return
    }
    file = try field["file"].absolutePath()
    level = try field["level"].choice() ?? level
    format = try field["format"].choice() ?? format
  }
}

// MARK: - Lines

extension CallLog {
  /// The data of a call that are logged.
  struct Call {
    let plugin: String
    let verb: String
    /// `network/containerID/interface`, or the network of a call about no attachment.
    var subject = ""
    /// In microseconds.
    var duration = 0
    var failure: CNIError?
    /// The notes that it wrote to stderr.
    var notes: [String] = []
    /// The changes that it made in the kernel; only at level debug.
    var changes: [ChangeTrace.Change] = []
    var input: [UInt8] = []
    var output: [UInt8] = []
  }

  /// The lines of a call, each with a line feed.
  func lines(_ call: Call, at time: String) -> String {
    var lines = call.notes.map { line(call, at: time, "warning", [("note", $0)], nil) }
    if level == .debug {
      lines.append(line(call, at: time, "debug", [("stdin", Self.oneLine(call.input))], nil))
      for change in call.changes {
        lines.append(line(call, at: time, "debug", [("change", change.command), ("answer", change.answer)], nil))
      }
      lines.append(line(call, at: time, "debug", [("stdout", Self.oneLine(call.output))], nil))
    }
    lines.append(line(call, at: time, call.failure == nil ? "info" : "error", [], call.duration))
    return joined(lines, by: "")
  }

  private func line(
    _ call: Call, at time: String, _ level: String, _ said: [(kind: String, text: String)], _ duration: Int?
  ) -> String {
    let milliseconds = duration.map { "\($0 / 1000).\($0 % 1000 / 100)" }
    switch format {
    case .text:
      let head = "\(time) \(level) \(call.plugin) \(call.verb) \(call.subject)"
      if let first = said.first { return "\(head): \(first.kind) \(joined(said.map(\.text), by: ": "))\n" }
      let ending = call.failure.map { "\($0)\($0.details.isEmpty ? "" : ": \($0.details)")" } ?? "ok"
      return "\(head): \(Self.oneLine(Array(ending.utf8))), \(milliseconds ?? "0") ms\n"
    case .json:
      var object = JSONObject([
        "time": .string(time), "level": .string(level), "plugin": .string(call.plugin), "verb": .string(call.verb),
        "subject": .string(call.subject),
      ])
      for (kind, text) in said { object.append(kind, .string(text)) }
      if let duration { object.append("microseconds", .integer(Int64(duration))) }
      if said.isEmpty, let failure = call.failure {
        object.append("code", .integer(Int64(failure.code.rawValue)))
        object.append("msg", .string(failure.message))
        if !failure.details.isEmpty { object.append("details", .string(failure.details)) }
      }
      return Self.oneLine(JSON.object(object).text) + "\n"
    }
  }

  /// The text without line feeds, so that each record is one line. Line feeds have no meaning in JSON.
  private static func oneLine(_ text: [UInt8]) -> String {
    let words = text.split { $0 == 0x0a || $0 == 0x0d }
    return joined(words.map { String(decoding: $0.drop { $0 == 0x20 }, as: UTF8.self) }, by: " ")
  }

  /// Writes all lines in one write, so that lines of concurrent calls do not mix.
  func write(_ lines: String, toError note: (String) -> Void) {
    guard let file else { return lines.split(separator: "\n").forEach { note(String($0)) } }
    do throws(SystemError) {
      try FileDescriptor.append(to: file).writeAll(Array(lines.utf8))
    } catch {
      // A log never fails a call.
      note("log.file: \(error)")
    }
  }
}
