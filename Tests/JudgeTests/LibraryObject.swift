// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Glibc
import Testing

@testable import Netlink

/// The functions that libnftnl has for one kind of object, all of one form.
struct LibraryKind: Sendable {
  let name: String
  let allocate: @Sendable () -> OpaquePointer?
  let free: @Sendable (OpaquePointer?) -> Void
  let isSet: @Sendable (OpaquePointer?, UInt16) -> Bool
  let get: @Sendable (OpaquePointer?, UInt16, UnsafeMutablePointer<UInt32>?) -> UnsafeRawPointer?
  let set: @Sendable (OpaquePointer?, UInt16, UnsafeRawPointer?, UInt32) -> Int32
  let parse: @Sendable (UnsafePointer<nlmsghdr>?, OpaquePointer?) -> Int32
  let build: @Sendable (UnsafeMutablePointer<nlmsghdr>?, OpaquePointer?) -> Void
  let attributes: Range<UInt16>

  static let table = LibraryKind(
    name: "table", allocate: nftnl_table_alloc, free: nftnl_table_free, isSet: nftnl_table_is_set,
    get: nftnl_table_get_data, set: nftnl_table_set_data, parse: nftnl_table_nlmsg_parse,
    build: nftnl_table_nlmsg_build_payload, attributes: 0..<UInt16(__NFTNL_TABLE_MAX.rawValue))
  static let chain = LibraryKind(
    name: "chain", allocate: nftnl_chain_alloc, free: nftnl_chain_free, isSet: nftnl_chain_is_set,
    get: { chain, attribute, length in
      let value = nftnl_chain_get_data(chain, attribute, length)
      // libnftnl 1.2.4 says that the text is four bytes long.
      if attribute == NFTNL_CHAIN_TYPE.rawValue, let text = nftnl_chain_get_str(chain, attribute) {
        length?.pointee = UInt32(strlen(text))
      }
      return value
    },
    set: nftnl_chain_set_data, parse: nftnl_chain_nlmsg_parse,
    build: nftnl_chain_nlmsg_build_payload, attributes: 0..<UInt16(__NFTNL_CHAIN_MAX.rawValue))
  static let rule = LibraryKind(
    name: "rule", allocate: nftnl_rule_alloc, free: nftnl_rule_free, isSet: nftnl_rule_is_set,
    get: nftnl_rule_get_data, set: nftnl_rule_set_data, parse: nftnl_rule_nlmsg_parse,
    build: nftnl_rule_nlmsg_build_payload, attributes: 0..<UInt16(__NFTNL_RULE_MAX.rawValue))
  static let set = LibraryKind(
    name: "set", allocate: nftnl_set_alloc, free: nftnl_set_free, isSet: nftnl_set_is_set,
    get: nftnl_set_get_data, set: nftnl_set_set_data, parse: nftnl_set_nlmsg_parse,
    build: nftnl_set_nlmsg_build_payload, attributes: 0..<UInt16(__NFTNL_SET_MAX.rawValue))
  /// A set as what messages about its elements are read into.
  static let elements = LibraryKind(
    name: "elements", allocate: nftnl_set_alloc, free: nftnl_set_free, isSet: nftnl_set_is_set,
    get: nftnl_set_get_data, set: nftnl_set_set_data, parse: nftnl_set_elems_nlmsg_parse,
    build: nftnl_set_elems_nlmsg_build_payload, attributes: 0..<UInt16(__NFTNL_SET_MAX.rawValue))
}

/// An object of libnftnl.
struct LibraryObject: ~Copyable {
  let kind: LibraryKind
  let handle: OpaquePointer

  /// An object with some attributes.
  static func make(_ kind: LibraryKind, _ fields: Fields = [:]) throws -> LibraryObject {
    let object = LibraryObject(kind: kind, handle: try #require(kind.allocate()))
    for (attribute, value) in fields {
      let bytes = value.bytes
      let status = bytes.withUnsafeBytes {
        kind.set(object.handle, UInt16(attribute), $0.baseAddress, UInt32($0.count))
      }
      try #require(status == 0, "\(kind.name) takes no attribute \(attribute)")
    }
    return object
  }

  /// What libnftnl reads from a message, which it refuses unless all attributes that it knows are of their types.
  static func reading(_ kind: LibraryKind, _ message: NetlinkMessage) throws -> LibraryObject {
    let object = try make(kind)
    let status = message.bytes(sequence: 1).withUnsafeBytes {
      kind.parse($0.baseAddress?.assumingMemoryBound(to: nlmsghdr.self), object.handle)
    }
    try #require(status == 0, "libnftnl does not read the \(kind.name)")
    return object
  }

  deinit { kind.free(handle) }

  /// All attributes that are set, as they are in memory.
  var fields: [Int: [UInt8]] { read(handle, kind.attributes, kind.isSet, kind.get) }

  /// The message that libnftnl builds, as one that was received.
  func built(_ type: nf_tables_msg_types, family: UInt8 = 1) throws -> NetlinkReply {
    let replies = NetlinkReply.split(bytes(type, family: family))
    try #require(replies.count == 1)
    return replies[0]
  }

  func bytes(_ type: nf_tables_msg_types, family: UInt8 = 1) -> [UInt8] {
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    return buffer.withUnsafeMutableBufferPointer { buffer in
      let header = nftnl_nlmsg_build_hdr(
        buffer.baseAddress, UInt16(type.rawValue), UInt16(family), UInt16(NLM_F_REQUEST), 1)
      kind.build(header, handle)
      return buffer.prefix(Int(header?.pointee.nlmsg_len ?? 0)).map { UInt8(bitPattern: $0) }
    }
  }
}

/// The attributes of an object that are set.
func read(
  _ object: OpaquePointer, _ attributes: Range<UInt16>, _ isSet: (OpaquePointer?, UInt16) -> Bool,
  _ get: (OpaquePointer?, UInt16, UnsafeMutablePointer<UInt32>?) -> UnsafeRawPointer?
) -> [Int: [UInt8]] {
  var found: [Int: [UInt8]] = [:]
  for attribute in attributes where isSet(object, attribute) {
    var length: UInt32 = 0
    guard let value = get(object, attribute, &length) else { continue }
    found[Int(attribute)] = Array(UnsafeRawBufferPointer(start: value, count: Int(length)))
  }
  return found
}

/// What libnftnl tells of one after another, as its functions `…_foreach` do.
func collect(
  _ each: (@convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32, UnsafeMutableRawPointer) -> Int32
)
  -> [OpaquePointer]
{
  var list: [OpaquePointer] = []
  withUnsafeMutablePointer(to: &list) { list in
    _ = each(
      { item, list in
        if let item { list?.assumingMemoryBound(to: [OpaquePointer].self).pointee.append(item) }
        return 0
      }, list)
  }
  return list
}
