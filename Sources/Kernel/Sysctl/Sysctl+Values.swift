// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension Sysctl {
  /// Whether two values mean the same to the kernel, which normalizes what it is given: it separates words by tabs, prints numbers in
  /// decimal, joins ports to ranges, and pads masks with zeros.
  package static func isSame(_ left: String, _ right: String) -> Bool {
    let left = left.split(whereSeparator: \.isWhitespace)
    let right = right.split(whereSeparator: \.isWhitespace)
    return left.count == right.count && zip(left, right).allSatisfy { isSameWord($0, $1) }
  }

  private static func isSameWord(_ left: Substring, _ right: Substring) -> Bool {
    if left == right { return true }
    if let left = integer(left), let right = integer(right) { return left == right }
    if isGrouped(left) || isGrouped(right), let left = mask(left), let right = mask(right) { return left == right }
    guard let left = ranges(left), let right = ranges(right) else { return false }
    return left == right
  }

  /// A number as the kernel parses it (`proc_get_long`, kernel/sysctl.c): hexadecimal after `0x`, octal after `0`.
  private static func integer(_ word: Substring) -> Int64? {
    let isNegative = word.hasPrefix("-")
    let digits = isNegative ? word.dropFirst() : word
    guard let first = digits.first, first.isASCII, first.isHexDigit else { return nil }
    let value =
      digits.lowercased().hasPrefix("0x")
      ? Int64(digits.dropFirst(2), radix: 16) : Int64(digits, radix: digits.hasPrefix("0") ? 8 : 10)
    return value.map { isNegative ? -$0 : $0 }
  }

  /// The sorted ranges of a list such as `80,443,30000-30010`, joined where they touch (`proc_do_large_bitmap`).
  private static func ranges(_ word: Substring) -> [ClosedRange<Int64>]? {
    var ranges: [ClosedRange<Int64>] = []
    for item in word.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { integer($0) }
      guard let first = ends[0], let last = ends[ends.count - 1], 0 <= first, first <= last, last < .max else {
        return nil
      }
      ranges.append(first...last)
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var joined: [ClosedRange<Int64>] = []
    for range in ranges {
      if let before = joined.last, range.lowerBound <= before.upperBound + 1 {
        joined[joined.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  /// Whether a word is a mask as the kernel prints it: 32-bit groups separated by commas.
  private static func isGrouped(_ word: Substring) -> Bool {
    let groups = word.split(separator: ",", omittingEmptySubsequences: false)
    return groups.count > 1 && groups.dropFirst().allSatisfy { $0.utf8.count == 8 } && mask(word) != nil
  }

  /// The hexadecimal digits of a mask without leading zeros.
  private static func mask(_ word: Substring) -> String? {
    let digits = word.lowercased().filter { $0 != "," }
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    return String(digits.drop { $0 == "0" })
  }
}
