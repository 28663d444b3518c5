// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension TrafficFilter.Rule {
  /// Appends the kind and the options (linux/pkt_cls.h).
  func append(to message: inout NetlinkMessage) {
    message.attribute(TCA_KIND, Array("u32".utf8) + [0])
    message.nested(TCA_OPTIONS) { options in
      // struct tc_u32_sel: flags, shift, number of keys, padding, and fields for variable headers.
      var selector = [UInt8(TC_U32_TERMINAL), 0, UInt8(clamping: keys.count), 0] + [UInt8](repeating: 0, count: 12)
      for key in keys {
        selector += key.mask + key.value
        selector.append(integer: key.offset)
        selector.append(integer: Int32(0))
      }
      options.attribute(TCA_U32_SEL, selector)
      options.attribute(TCA_U32_CLASSID, classID.rawValue)
      guard let target else { return }
      options.nested(TCA_U32_ACT) { actions in
        actions.nested(1) { action in
          action.attribute(TCA_ACT_KIND, Array("mirred".utf8) + [0])
          action.nested(TCA_ACT_OPTIONS) { options in
            // struct tc_mirred: index, capabilities, action, two counters, mirred action, interface.
            var parameters: [UInt8] = []
            for word in [0, 0, UInt32(TC_ACT_STOLEN), 0, 0, UInt32(TCA_EGRESS_REDIR), target] {
              parameters.append(integer: word)
            }
            options.attribute(TCA_MIRRED_PARMS, parameters)
          }
        }
      }
    }
  }
}

extension TrafficFilter {
  /// Reads a u32 filter; nil for other kinds, and for the hash tables that a dump contains too.
  init?(_ header: TrafficHeader, _ attributes: Attributes) {
    let options = attributes.nested(Int(TCA_OPTIONS))
    guard
      attributes[Int(TCA_KIND)]?.text == "u32", let selector = options[Int(TCA_U32_SEL)],
      let count = selector.dropFirst(2).first
    else { return nil }
    var keys: [Key] = []
    for index in 0..<Int(count) {
      let bytes = selector.dropFirst(16 + 16 * index)
      guard let offset = bytes.integer(Int32.self, at: 8) else { return nil }
      keys.append(Key(mask: Array(bytes.prefix(4)), value: Array(bytes.dropFirst(4).prefix(4)), offset: offset))
    }
    let classID = options[Int(TCA_U32_CLASSID)]?.integer(UInt32.self, at: 0) ?? 0
    rule = Rule(
      etherType: UInt16(truncatingIfNeeded: header.info).bigEndian, keys: keys,
      classID: TrafficHandle(rawValue: classID), target: Self.target(options[Int(TCA_U32_ACT)] ?? []))
    priority = UInt16(header.info >> 16)
    handle = header.handle
  }

  /// The target of the first redirect.
  private static func target(_ actions: ArraySlice<UInt8>) -> UInt32? {
    for action in AttributeList(actions) {
      let attributes = Attributes(action.value)
      guard attributes[Int(TCA_ACT_KIND)]?.text == "mirred" else { continue }
      let parameters = attributes.nested(Int(TCA_ACT_OPTIONS))[Int(TCA_MIRRED_PARMS)]
      guard parameters?.integer(Int32.self, at: 20) == TCA_EGRESS_REDIR else { continue }
      return parameters?.integer(UInt32.self, at: 24)
    }
    return nil
  }
}
