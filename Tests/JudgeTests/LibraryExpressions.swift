// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNftnl
import Glibc
import NFTables
import Netlink
import Testing

/// An expression as libnftnl has read it.
struct LibraryExpression {
  let name: String
  let fields: [Int: [UInt8]]

  /// What of it is not as it was meant.
  func differences(from expression: Expression) -> [String] {
    let meaning = ExpressionMeaning(expression)
    if name != meaning.name { return ["\(name) instead of \(meaning.name)"] }
    return JudgeTests.differences(fields, meaning.fields)
  }
}

extension LibraryObject {
  /// The expressions of a rule.
  var expressions: [LibraryExpression] {
    collect { nftnl_expr_foreach(handle, $0, $1) }.map { expression in
      LibraryExpression(
        name: String(cString: nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_NAME))),
        fields: read(expression, UInt16(NFTNL_EXPR_BASE)..<32, nftnl_expr_is_set, nftnl_expr_get))
    }
  }

  /// Appends an expression to a rule.
  func add(_ expression: Expression) throws {
    let meaning = ExpressionMeaning(expression)
    let made = try #require(nftnl_expr_alloc(meaning.name))
    for (attribute, value) in meaning.fields {
      let bytes = value.bytes
      // The payload of a match or target is not copied: the expression frees it.
      let isGiven = ["match", "target"].contains(meaning.name) && attribute == NFTNL_EXPR_MT_INFO
      let memory = try #require(malloc(bytes.count))
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: memory, count: $0.count).copyMemory(from: $0) }
      let status = nftnl_expr_set(made, UInt16(attribute), memory, UInt32(bytes.count))
      if !isGiven { free(memory) }
      try #require(status == 0, "\(meaning.name) takes no attribute \(attribute)")
    }
    nftnl_rule_add_expr(handle, made)
  }
}
