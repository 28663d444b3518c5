// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport

/// Times of one thing, measured again and again.
struct Samples {
  private var values: [UInt64] = []

  mutating func add(_ nanoseconds: UInt64) { values.append(nanoseconds) }

  var count: Int { values.count }
  var median: Double { quantile(0.5) }
  var p90: Double { quantile(0.9) }

  private func quantile(_ part: Double) -> Double {
    let sorted = values.sorted()
    if sorted.isEmpty { return .nan }
    let place = part * Double(sorted.count - 1)
    let (low, high) = (sorted[Int(place)], sorted[min(Int(place) + 1, sorted.count - 1)])
    return Double(low) + (place - place.rounded(.down)) * (Double(high) - Double(low))
  }
}

/// A limit of the project for something measured; a smaller number is better.
struct Target {
  let text: String
  let measured: Double
  let limit: Double
  let unit: String

  init(_ text: String, measured: Double, limit: Double, unit: String = "") {
    self.text = text
    self.measured = measured
    self.limit = limit
    self.unit = unit
  }

  var row: [String] {
    [text, "≤ \(fixed(limit, 3))\(unit)", "\(fixed(measured, 3))\(unit)", measured <= limit ? "ok" : "MISSED"]
  }

  /// The same beside what nobody can be faster than; NaN if that is not known. A limit below it is none.
  func row(atLeast floor: Double) -> [String] {
    let isPossible = !(floor > limit)
    return row.dropLast() + [
      fixed(floor, 3), measured <= limit ? "ok" : isPossible ? "MISSED" : "less than the kernel takes",
    ]
  }
}

extension Outcome {
  /// Itself if the program did what it was told.
  func succeeded(_ what: String) throws -> Outcome {
    guard status == 0 else { throw Failure("\(what): \(ending): \(outputText)\(errorText)") }
    return self
  }
}

/// Waits until the kernel has freed what was deleted last: whoever is measured next would pay for that.
func settle() { usleep(30_000) }
