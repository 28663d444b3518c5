// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// An element of one of our sets and maps, with its owner in the comment.
struct Element: Hashable, Sendable {
  /// Where the element stands: no set has two with one key.
  struct Place: Hashable, Sendable {
    let set: String
    let key: [UInt8]
  }

  let place: Place
  /// Empty in a set, or in a map if only the place counts.
  var data: [UInt8] = []
  var comment: Comment?
  /// An interval's end, which is not in the interval.
  var endsInterval = false

  init(_ place: Place, data: [UInt8] = [], comment: Comment?) {
    self.place = place
    self.data = data
    self.comment = comment
  }

  init(_ set: String, key: [UInt8], data: [UInt8] = [], comment: Comment?, endsInterval: Bool = false) {
    place = Place(set: set, key: key)
    self.data = data
    self.comment = comment
    self.endsInterval = endsInterval
  }
}

/// An element as the kernel has it.
struct StoredElement: Sendable {
  let element: Element
  /// In milliseconds; nil for one that stays.
  let timeout: UInt64?
}

extension Element {
  /// `NEWSETELEM` for elements of one set. With `exclusively` the kernel refuses those that are there already; a
  /// timeout is in milliseconds.
  static func add(_ elements: [Element], exclusively: Bool, timeout: UInt64? = nil) -> [NetlinkMessage] {
    messages(NFT_MSG_NEWSETELEM, NLM_F_CREATE | (exclusively ? NLM_F_EXCL : 0), elements) { element, attributes in
      attributes.attribute(NFTA_SET_ELEM_KEY.rawValue, data: element.place.key)
      if !element.data.isEmpty { attributes.attribute(NFTA_SET_ELEM_DATA.rawValue, data: element.data) }
      if element.endsInterval {
        attributes.attribute(NFTA_SET_ELEM_FLAGS.rawValue, UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue).bigEndian)
      }
      if let timeout { attributes.attribute(NFTA_SET_ELEM_TIMEOUT.rawValue, timeout.bigEndian) }
      if let comment = element.comment { attributes.attribute(NFTA_SET_ELEM_USERDATA.rawValue, comment.userData) }
    }
  }

  /// `DELSETELEM` for elements of one set.
  static func delete(_ elements: [Element]) -> [NetlinkMessage] {
    messages(NFT_MSG_DELSETELEM, 0, elements) { element, attributes in
      attributes.attribute(NFTA_SET_ELEM_KEY.rawValue, data: element.place.key)
    }
  }

  /// Asks for one element by its place.
  static func get(_ place: Place) -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETSETELEM)
    message.elements(of: place.set, [place.key]) { $1.attribute(NFTA_SET_ELEM_KEY.rawValue, data: $0) }
    return message
  }

  /// Asks for a dump of a set.
  static func list(_ set: String) -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETSETELEM, flags: NLM_F_DUMP)
    message.attribute(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
    return message
  }

  /// The elements of a reply; with a pattern only those whose bytes, of which the comment is a part, hold it.
  static func read(_ reply: NetlinkReply, holding pattern: [UInt8]? = nil) -> [StoredElement] {
    let list = reply.attributes(after: 4)
    let set = list[Int(NFTA_SET_ELEM_LIST_SET.rawValue)]?.text ?? ""
    return AttributeList(list[Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)] ?? []).compactMap { item in
      if let pattern, !item.value.holds(pattern) { return nil }
      let attributes = Attributes(item.value)
      func value(_ type: nft_set_elem_attributes) -> [UInt8] {
        Array(attributes.nested(Int(type.rawValue))[Int(NFTA_DATA_VALUE.rawValue)] ?? [])
      }
      let flags = attributes[Int(NFTA_SET_ELEM_FLAGS.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian ?? 0
      let element = Element(
        set, key: value(NFTA_SET_ELEM_KEY), data: value(NFTA_SET_ELEM_DATA),
        comment: attributes[Int(NFTA_SET_ELEM_USERDATA.rawValue)].flatMap { Comment(userData: $0) },
        endsInterval: flags & UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0)
      let timeout = attributes[Int(NFTA_SET_ELEM_TIMEOUT.rawValue)]?.integer(UInt64.self, at: 0)?.bigEndian
      return StoredElement(element: element, timeout: timeout == 0 ? nil : timeout)
    }
  }

  /// Elements that take at most about 32 KiB, as a nested attribute's length has 16 bits.
  private static func messages(
    _ type: nf_tables_msg_types, _ flags: Int32, _ elements: [Element],
    _ build: (Element, inout NetlinkMessage) -> Void
  ) -> [NetlinkMessage] {
    let perMessage = 100
    return stride(from: 0, to: elements.count, by: perMessage).map { start in
      var message = NetlinkMessage(nft: type, flags: flags)
      let chunk = elements[start..<min(start + perMessage, elements.count)]
      message.elements(of: elements[start].place.set, chunk, build)
      return message
    }
  }
}

extension NetlinkMessage {
  /// Appends the attributes of a message about elements of a set.
  fileprivate mutating func elements<T>(
    of set: String, _ list: some Sequence<T>, _ build: (T, inout NetlinkMessage) -> Void
  ) {
    attribute(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: Table.name)
    attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
    nested(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) { message in
      for item in list {
        message.nested(NFTA_LIST_ELEM.rawValue) { build(item, &$0) }
      }
    }
  }
}
