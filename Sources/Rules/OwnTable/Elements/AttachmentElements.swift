// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest
import NFTables

/// The elements that an attachment has or should have in the table, and the chains on demand that they need.
struct AttachmentElements: Sendable {
  let feature: Feature
  let attachment: Attachment
  let tag: AttachmentTag
  /// The ID of the attachment's record, which is a hash.
  let record: Element.ID
  /// Their IDs are unique; the last element is the record of the attachment.
  private(set) var elements: [Element] = []
  private(set) var onDemand: [OnDemandChain] = []
  /// Elements that the attachment shares with other attachments.
  private(set) var shared: [SharedElement] = []

  /// `collect` adds the elements of a request.
  init(
    of attachment: Attachment, in feature: Feature, usesLegacyTables: Bool = false,
    _ collect: (inout AttachmentElements) -> Void
  ) {
    self.feature = feature
    self.attachment = attachment
    tag = AttachmentTag(attachment)
    record = Element.ID(of: attachment, in: feature)
    collect(&self)
    elements = elements.uniqueByID
    if elements.isEmpty { return }
    let note = "\(elements.count)\(usesLegacyTables ? Element.legacyNote : "")"
    elements.append(Element(record, comment: Comment(tag, note)))
  }

  mutating func add(_ id: Element.ID, data: [UInt8] = [], note: String = "") {
    elements.append(Element(id, data: data, comment: Comment(tag, note)))
  }

  /// Makes the attachment a member of a bridge's element.
  mutating func add(_ bridge: String, to set: NamedSet) {
    let element = SharedElement(bridge: bridge, in: set)
    add(Element.ID(set: element.members.name, key: Element.ID.key(of: attachment)), note: bridge)
    shared.append(element)
  }

  /// Adds the chain on demand of this name unless it is added already: most elements of an attachment need the same one.
  mutating func need(_ name: String, _ chain: () -> OnDemandChain) {
    if !onDemand.contains(where: { $0.name == name }) { onDemand.append(chain()) }
  }

  /// The elements, with the record saying that the attachment has rules in legacy tables.
  var inLegacyTables: [Element] {
    elements.map { element in
      guard element.id.set == feature.attachments.name, !element.usesLegacyTables else { return element }
      return Element(element.id, comment: element.comment.map { Comment(text: $0.text + Element.legacyNote) })
    }
  }
}

// MARK: - The record of an attachment

extension Element.ID {
  /// The record of an attachment.
  init(of attachment: Attachment, in feature: Feature) {
    self.init(set: feature.attachments.name, key: Self.key(of: attachment))
  }

  /// The key of an attachment: its hash in two parts, each as long as the name of an interface can be.
  fileprivate static func key(of attachment: Attachment) -> [UInt8] {
    let digits = Array(sha512("\(attachment)").utf8)
    return digits[..<15] + [0] + digits[15..<30] + [0]
  }
}

extension Element {
  fileprivate static let legacyNote = " legacy"

  var owner: AttachmentTag? { comment?.owner }

  /// How many elements the attachment has besides this record; nil for elements that are no record.
  var recordedCount: Int? { comment.flatMap { Int($0.note.prefix { $0 != " " }) } }

  /// Whether a record says that its attachment has rules in legacy tables.
  var usesLegacyTables: Bool { comment?.note.hasSuffix(Self.legacyNote) ?? false }

  /// A name of the element for messages.
  func title(in feature: Feature) -> String {
    if let port = id.hostPort { return "the mapping of \(port)" }
    if let accept { return "the accept of \(accept.address)" }
    if let masqueraded { return "the masquerading of \(masqueraded)" }
    if id.set == feature.attachments.name { return "the record of the attachment" }
    if OnDemandChain.conditions(named: id.set) != nil { return "a port in set \(id.set)" }
    return "an element of set \(id.set)"
  }

  /// The element's host port or container address, which another attachment may claim too; nil for other elements.
  var subject: String? { id.hostPort?.description ?? accept.map { "\($0.address)" } ?? masqueraded?.description }
}

extension [Element] {
  /// The number that a record of these elements states. A waiting mapping with conditions counts as two: when it is served, its
  /// port is added to the set of its conditions.
  var recordedCount: Int {
    reduce(0) { $0 + ($1.id.isWaiting && !($1.comment?.note.isEmpty ?? true) ? 2 : 1) }
  }
}
