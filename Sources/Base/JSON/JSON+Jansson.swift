// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CJansson

/// A text that is not JSON.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
  package let description: String
  /// The line of the text, counted from 1; nil if there is no text.
  package var line: Int?
}

extension JSON {
  /// Parses one JSON value of any kind. More than 2,048 levels of nesting, jansson's limit, are an error.
  package init(parsing text: [UInt8]) throws(JSONSyntaxError) {
    let root = unsafe try Self.load(text)
    defer { unsafe cni_json_decref(root) }
    unsafe self.init(root)
  }

  /// Throws if an object in a JSON text has two members with one name; parsing would keep only the last.
  package static func requireUniqueNames(_ text: [UInt8]) throws(JSONSyntaxError) {
    let root = unsafe try load(text, alsoRefusing: Int(JSON_REJECT_DUPLICATES))
    unsafe cni_json_decref(root)
  }

  /// This value as indented text, with a line feed at the end.
  package var text: [UInt8] {
    guard let root = unsafe makeJansson() else { return [] }
    defer { unsafe cni_json_decref(root) }
    var output: [UInt8] = []
    _ = unsafe withUnsafeMutablePointer(to: &output) { output in
      let append: json_dump_callback_t = { chunk, count, output in
        guard let chunk = unsafe chunk, let output = unsafe output else { return -1 }
        let bytes = unsafe UnsafeRawBufferPointer(start: chunk, count: count)
        unsafe output.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: bytes)
        return 0
      }
      unsafe json_dump_callback(root, append, output, Self.indent4 | Int(JSON_ENCODE_ANY))
    }
    return output + [0x0a]
  }

  /// `JSON_INDENT(4)`: a macro with an argument, which Swift does not import.
  private static let indent4 = 4

  private static func load(_ text: [UInt8], alsoRefusing refused: Int = 0) throws(JSONSyntaxError) -> OpaqueJSON {
    var error = json_error_t()
    func attempt(_ text: [UInt8]) -> OpaqueJSON? {
      unsafe text.withUnsafeBytes {
        unsafe json_loadb($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, flags, &error)
      }
    }
    if text.isEmpty { throw JSONSyntaxError(description: "no input") }
    let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL) | refused
    if let root = unsafe attempt(text) { return unsafe root }
    // An integer that exceeds 63 bits must not make the whole configuration unreadable.
    if unsafe cni_json_error_code(&error) == json_error_numeric_overflow,
      let root = unsafe attempt(spellingLargeIntegersAsReals(text))
    {
      return unsafe root
    }
    let reason = unsafe withUnsafePointer(to: &error.text) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: Int(JSON_ERROR_TEXT_LENGTH)) { unsafe String(cString: $0) }
    }
    let place = "line \(error.line), column \(error.column)"
    throw JSONSyntaxError(description: "\(place): \(reason)", line: Int(error.line))
  }
}

/// The same text with an exponent appended to each integer that exceeds 63 bits, so that jansson reads only those as floating-point
/// numbers. Invalid JSON stays invalid.
func spellingLargeIntegersAsReals(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(text.count + 16)
  var isInString = false
  var index = 0
  while index < text.count {
    let byte = text[index]
    if isInString {
      // A backslash escapes the next byte, which may be a quotation mark.
      let end = byte == UInt8(ascii: "\\") ? min(index + 2, text.count) : index + 1
      if byte == UInt8(ascii: "\"") { isInString = false }
      result += text[index..<end]
      index = end
      continue
    }
    if byte == UInt8(ascii: "\"") { isInString = true }
    let number = text[index...].prefix { "+-.0123456789Ee".utf8.contains($0) }
    if number.isEmpty {
      result.append(byte)
      index += 1
      continue
    }
    result += number
    index = number.endIndex
    let digits = number.first == UInt8(ascii: "-") ? number.dropFirst() : number
    let isInteger = !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    if isInteger, Int64(String(decoding: number, as: UTF8.self)) == nil { result += "e0".utf8 }
  }
  return result
}

private typealias OpaqueJSON = UnsafeMutablePointer<json_t>

extension JSON {
  private init(_ value: OpaqueJSON) {
    switch unsafe cni_json_type(value) {
    case JSON_TRUE: self = .bool(true)
    case JSON_FALSE: self = .bool(false)
    case JSON_INTEGER: self = .integer(unsafe json_integer_value(value))
    case JSON_REAL:
      let number = unsafe json_real_value(value)
      self = Int64(exactly: number).map { .integer($0) } ?? .real(number)
    case JSON_STRING: self = .string(unsafe Self.string(json_string_value(value), json_string_length(value)))
    case JSON_ARRAY:
      var items: [JSON] = []
      for index in 0..<(unsafe json_array_size(value)) {
        if let item = unsafe json_array_get(value, index) { unsafe items.append(JSON(item)) }
      }
      self = .array(items)
    case JSON_OBJECT:
      var object = JSONObject()
      var iterator = unsafe json_object_iter(value)
      while let current = unsafe iterator {
        if let member = unsafe json_object_iter_value(current) {
          unsafe object.append(String(cString: json_object_iter_key(current)), JSON(member))
        }
        unsafe iterator = json_object_iter_next(value, current)
      }
      self = .object(object)
    default: self = .null
    }
  }

  private static func string(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> String {
    unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  /// A new reference, which the caller must release; nil if memory is exhausted.
  private func makeJansson() -> OpaqueJSON? {
    switch self {
    case .null: return unsafe json_null()
    case .bool(let value): return unsafe value ? json_true() : json_false()
    case .integer(let value): return unsafe json_integer(value)
    // JSON has no infinity and no NaN, and jansson refuses them.
    case .real(let value): return unsafe json_real(value.isFinite ? value : 0)
    case .string(let value): return unsafe json_stringn_nocheck(value, value.utf8.count)
    case .array(let items):
      let array = unsafe json_array()
      for item in items { _ = unsafe json_array_append_new(array, item.makeJansson()) }
      return unsafe array
    case .object(let object):
      let result = unsafe json_object()
      for member in object.members {
        _ = unsafe json_object_set_new_nocheck(result, member.name, member.value.makeJansson())
      }
      return unsafe result
    }
  }
}
