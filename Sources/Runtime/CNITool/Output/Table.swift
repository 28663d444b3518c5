// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Rows of text under a heading, in columns of equal width.
package struct Table: Sendable {
  private var rows: [[String]]

  package init(_ heading: String...) { rows = [heading] }

  package mutating func append(_ row: [String]) { rows.append(row.map { visible($0) }) }

  /// The lines; no line ends with spaces.
  package var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (index, text) in row.enumerated() {
        line += text
        if index + 1 < row.count { line += String(repeating: " ", count: widths[index] - text.count + 2) }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
