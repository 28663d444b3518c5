// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Rows of text in columns; the first column is aligned left, the others right.
struct Table {
  private var rows: [[String]]

  init(_ head: String...) { rows = [head] }

  /// A row that is too short ends with empty cells.
  mutating func add(_ row: [String]) {
    rows.append(row + [String](repeating: "", count: max(0, rows[0].count - row.count)))
  }

  func show(_ title: String) {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }.joined(separator: "  ")
    }
    print("\n\(title)")
    print(line(rows[0]))
    print(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
    for row in rows.dropFirst() { print(line(row)) }
  }
}

/// A number with so many digits after the point, less the zeros at its end.
func fixed(_ number: Double, _ digits: Int = 2) -> String {
  guard number.isFinite, number.magnitude < 1e12 else { return "–" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((number.magnitude * Double(scale)).rounded())
  let fraction = String(scaled % scale + scale).dropFirst()
  let kept = fraction.reversed().drop { $0 == "0" }.reversed()
  let sign = number < 0 && scaled != 0 ? "-" : ""
  return "\(sign)\(scaled / scale)\(kept.isEmpty ? "" : ".")\(String(kept))"
}

/// Nanoseconds as milliseconds.
func milliseconds(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1e6) }
/// Nanoseconds as microseconds.
func microseconds(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1e3, 1) }
