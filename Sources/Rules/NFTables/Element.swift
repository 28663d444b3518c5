// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// An element of a set or map.
package struct Element: Hashable, Sendable {
  /// The identity of an element: no set has two elements with one key.
  package struct ID: Hashable, Sendable {
    package let set: String
    package let key: [UInt8]

    package init(set: String, key: [UInt8]) {
      self.set = set
      self.key = key
    }
  }

  package let id: ID
  /// The value in a map; empty in a set, or in a map if only the key is needed.
  package let data: [UInt8]
  package let comment: Comment?
  /// An interval's end, which is not in the interval.
  package let endsInterval: Bool

  package init(_ id: ID, data: [UInt8] = [], comment: Comment?, endsInterval: Bool = false) {
    self.id = id
    self.data = data
    self.comment = comment
    self.endsInterval = endsInterval
  }

  package init(_ set: String, key: [UInt8], data: [UInt8] = [], comment: Comment?, endsInterval: Bool = false) {
    self.init(ID(set: set, key: key), data: data, comment: comment, endsInterval: endsInterval)
  }
}

/// An element as the kernel has it.
package struct StoredElement: Sendable {
  package let element: Element
  /// In milliseconds; nil for an element that does not expire.
  package let timeout: UInt64?

  package init(element: Element, timeout: UInt64?) {
    self.element = element
    self.timeout = timeout
  }

  /// The elements of a reply; with a pattern only those whose bytes, including the comment, contain it.
  package static func read(_ reply: NetlinkReply, holding pattern: [UInt8]? = nil) -> [StoredElement] {
    let list = reply.nfAttributes
    let set = list[Int(NFTA_SET_ELEM_LIST_SET.rawValue)]?.text ?? ""
    return AttributeList(list[Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)] ?? []).compactMap { item in
      if let pattern, !item.value.holds(pattern) { return nil }
      return StoredElement(Attributes(item.value), of: set)
    }
  }

  /// Reads an element of a set from its attributes (`NFTA_SET_ELEM_…`).
  init(_ attributes: Attributes, of set: String) {
    func value(_ type: nft_set_elem_attributes) -> [UInt8] {
      Array(attributes.nested(Int(type.rawValue))[Int(NFTA_DATA_VALUE.rawValue)] ?? [])
    }
    let flags = attributes.word(NFTA_SET_ELEM_FLAGS.rawValue) ?? 0
    element = Element(
      set, key: value(NFTA_SET_ELEM_KEY), data: value(NFTA_SET_ELEM_DATA),
      comment: attributes[Int(NFTA_SET_ELEM_USERDATA.rawValue)].flatMap { Comment(userData: $0) },
      endsInterval: flags & UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0)
    let timeout = attributes[Int(NFTA_SET_ELEM_TIMEOUT.rawValue)]?.integer(UInt64.self, at: 0)?.bigEndian
    self.timeout = timeout == 0 ? nil : timeout
  }
}

extension Table {
  /// Adds elements, of one set or of several. With `exclusively` the kernel refuses those that are there already; a timeout is in
  /// milliseconds.
  package func add(_ elements: [Element], exclusively: Bool, timeout: UInt64? = nil) -> [NetlinkMessage] {
    let flags = NLM_F_CREATE | (exclusively ? NLM_F_EXCL : 0)
    return messages(NFT_MSG_NEWSETELEM, flags, elements) { element, attributes in
      attributes.attribute(NFTA_SET_ELEM_KEY.rawValue, data: element.id.key)
      if !element.data.isEmpty { attributes.attribute(NFTA_SET_ELEM_DATA.rawValue, data: element.data) }
      if element.endsInterval {
        attributes.attribute(NFTA_SET_ELEM_FLAGS.rawValue, UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue).bigEndian)
      }
      if let timeout { attributes.attribute(NFTA_SET_ELEM_TIMEOUT.rawValue, timeout.bigEndian) }
      if let comment = element.comment { attributes.attribute(NFTA_SET_ELEM_USERDATA.rawValue, comment.userData) }
    }
  }

  /// Lets present elements expire in this many milliseconds.
  package func expire(_ elements: [Element], in milliseconds: UInt64) -> [NetlinkMessage] {
    add(elements, exclusively: false, timeout: milliseconds)
  }

  /// Removes elements, of one set or of several.
  package func delete(_ elements: [Element]) -> [NetlinkMessage] {
    messages(NFT_MSG_DELSETELEM, 0, elements) { element, attributes in
      attributes.attribute(NFTA_SET_ELEM_KEY.rawValue, data: element.id.key)
    }
  }

  /// Asks for one element.
  package func get(_ element: Element.ID) -> NetlinkMessage {
    elementMessage(NFT_MSG_GETSETELEM, 0, of: element.set, [element.key]) {
      $1.attribute(NFTA_SET_ELEM_KEY.rawValue, data: $0)
    }
  }

  /// Asks for a dump of a set.
  package func list(elementsOf set: String) -> NetlinkMessage {
    var message = message(NFT_MSG_GETSETELEM, NLM_F_DUMP, table: NFTA_SET_ELEM_LIST_TABLE.rawValue)
    message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
    return message
  }

  /// Messages that each hold elements of one set, and about 32 KiB at most, because the length of a nested attribute has 16 bits.
  private func messages(
    _ type: nf_tables_msg_types, _ flags: Int32, _ elements: [Element],
    _ build: (Element, inout NetlinkMessage) -> Void
  ) -> [NetlinkMessage] {
    let perMessage = 100
    return elements.bySet.flatMap { elements in
      stride(from: 0, to: elements.count, by: perMessage).map { start in
        let chunk = elements[start..<min(start + perMessage, elements.count)]
        return elementMessage(type, flags, of: elements[start].id.set, chunk, build)
      }
    }
  }

  private func elementMessage<T>(
    _ type: nf_tables_msg_types, _ flags: Int32, of set: String, _ list: some Sequence<T>,
    _ build: (T, inout NetlinkMessage) -> Void
  ) -> NetlinkMessage {
    var message = message(type, flags, table: NFTA_SET_ELEM_LIST_TABLE.rawValue)
    message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set)
    message.nested(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) { message in
      for item in list {
        message.nested(NFTA_LIST_ELEM.rawValue) { build(item, &$0) }
      }
    }
    return message
  }
}

extension [Element] {
  /// The elements of each set, in their order.
  fileprivate var bySet: [[Element]] {
    var groups: [[Element]] = []
    for element in self {
      if let index = groups.firstIndex(where: { $0.first?.id.set == element.id.set }) {
        groups[index].append(element)
      } else {
        groups.append([element])
      }
    }
    return groups
  }
}
