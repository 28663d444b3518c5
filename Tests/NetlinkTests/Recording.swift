// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Netlink

/// A message between a program and the kernel, as `strace -e trace=sendmsg,recvmsg -e write=all -e read=all` showed it
/// (iproute2 6.1, kernel 6.18), an attribute a line. Its sequence number and port are 0, and what nobody here reads is
/// left out: tables of rates, statistics, most of an interface's attributes.
struct Recording: Sendable {
  let bytes: [UInt8]

  /// Takes hexadecimal digits; spaces and line feeds do not count.
  init(_ digits: String) {
    let digits = digits.compactMap(\.hexDigitValue)
    bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  var reply: NetlinkReply {
    get throws {
      let replies = NetlinkReply.split(bytes)
      try #require(replies.count == 1 && replies[0].bytes == bytes)
      return replies[0]
    }
  }

  /// The message with so many bytes of its payload, and a length that says so.
  func reply(prefix count: Int) throws -> NetlinkReply {
    var header: [UInt8] = []
    header.append(integer: UInt32(16 + count))
    return try #require(NetlinkReply.split(header + bytes[4..<16 + count]).first)
  }
}

/// The attributes with no others in them, by the types on the way to them: what a message says, whatever the order.
func leaves(_ list: ArraySlice<UInt8>, nested: Set<[Int]>, path: [Int] = []) -> [[Int]: [UInt8]] {
  var result: [[Int]: [UInt8]] = [:]
  for (type, value) in AttributeList(list) {
    let path = path + [type]
    if nested.contains(path) {
      result.merge(leaves(value, nested: nested, path: path)) { $0 + $1 }
    } else {
      result[path, default: []] += value
    }
  }
  return result
}

/// Numbers that are the same in every run, so that a failure comes again (SplitMix64).
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  /// A number with any count of bits.
  mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type) -> T {
    T.random(in: .min ... .max, using: &self) >> T.random(in: 0..<T(T.bitWidth), using: &self)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

// MARK: - Qdiscs

/// `v0` has the index 3.
extension Recording {
  /// `tc qdisc replace dev v0 root handle 1: tbf rate 1000000bps burst 20000 limit 45000`
  static let setTBF = Recording(
    """
    60000000240005050000000000000000
    000000000300000000000100ffffffff00000000
    0800010074626600
    34000200
      2800010003010000ffff000040420f00000000000000000000000000c8af0000b4c4040000000000
      08000600204e0000
    """)

  /// `tc qdisc replace dev v0 root handle 1: tbf rate 12500000000bps burst 268435455 limit 400000000`
  static let setWideTBF = Recording(
    """
    6c000000240005050000000000000000
    000000000300000000000100ffffffff00000000
    0800010074626600
    40000200
      2800010003010000ffff0000ffffffff0000000000000000000000000084d717a2e60e0000000000
      08000600ffffff0f
      0c00040000dd0ee902000000
    """)

  /// What ``setTBF`` made: `tc qdisc show dev v0`
  static let tbf = Recording(
    """
    60000000240002000000000000000000
    000000000300000000000100ffffffff03000000
    0800010074626600
    2c000200
      28000100000100000000000040420f00000000000000000000000000c8af0000b4c4040000000000
    05000c0000000000
    """)

  /// What ``setWideTBF`` made.
  static let wideTBF = Recording(
    """
    6c000000240002000000000000000000
    000000000300000000000100ffffffff03000000
    0800010074626600
    38000200
      280001000001000000000000ffffffff0000000000000000000000000084d717b81e050000000000
      0c00040000dd0ee902000000
    05000c0000000000
    """)

  /// `tc qdisc add dev v0 ingress`
  static let addIngress = Recording(
    """
    30000000240005060000000000000000
    00000000030000000000fffff1ffffff00000000
    0c000100696e677265737300
    """)

  /// `tc class add dev v0 parent 5c41: classid 5c41:1 htb rate 1000000bps ceil 1000000bps
  /// burst 20000 cburst 20000 quantum 10000`
  static let addClass = Recording(
    """
    60000000280005060000000000000000
    00000000030000000100415c0000415c00000000
    0800010068746200
    34000200
      3000010003010000ffff000040420f0003010000ffff000040420f00b4c40400b4c40400102700000000000000000000
    """)

  /// `tc class replace dev v0 parent 5c41: classid 5c41:1 htb rate 12500000000bps ceil 12500000000bps
  /// burst 268435455 cburst 268435455 quantum 10000`
  static let addWideClass = Recording(
    """
    78000000280005040000000000000000
    00000000030000000100415c0000415c00000000
    0800010068746200
    4c000200
      0c00060000dd0ee902000000
      0c00070000dd0ee902000000
      3000010003010000ffff0000ffffffff03010000ffff0000ffffffffab1e0500ab1e0500102700000000000000000000
    """)

  /// What ``addClass`` made: `tc class show dev v0`
  static let htbClass = Recording(
    """
    78000000280002000000000000000000
    00000000030000000100415cffffffff00000b80
    0800010068746200
    34000200
      30000100000100000000000040420f00000100000000000040420f00b4c40400b4c40400102700000000000000000000
    18000400000000000000000000000000b4c40400b4c40400
    """)

  /// What ``addWideClass`` made.
  static let wideClass = Recording(
    """
    90000000280002000000000000000000
    00000000030000000100415cffffffff00000b80
    0800010068746200
    4c000200
      300001000001000000000000ffffffff0001000000000000ffffffffab1e0500ab1e0500102700000000000000000000
      0c00060000dd0ee902000000
      0c00070000dd0ee902000000
    18000400000000000000000000000000b4c40400b4c40400
    """)
}

// MARK: - Filters

extension Recording {
  /// `tc filter add dev v0 ingress prio 61442 protocol all u32 match u32 0 0 classid 5c41:1
  /// action mirred egress redirect dev i0`: the last has the index 4.
  static let redirect = Recording(
    """
    940000002c0005060000000000000000
    000000000300000000000000f2ffffff000302f0
    0800010075333200
    68000200
      080001000100415c
      38000700
        34000100
          0b0001006d69727265640000
          24000280
            2000020000000000000000000400000000000000000000000100000004000000
      240005000100010000000000000000000000000000000000000000000000000000000000
    """)

  /// `tc filter add dev v0 ingress prio 61440 protocol ip u32 match ip dst 10.1.0.0/17 classid 5c41:1`
  static let passTo4 = Recording(
    """
    5c0000002c0005060000000000000000
    000000000300000000000000f2ffffff080000f0
    0800010075333200
    30000200
      080001000100415c
      2400050001000100000000000000000000000000ffff80000a0100001000000000000000
    """)

  /// `tc filter add dev v0 ingress prio 61441 protocol ipv6 u32 match ip6 dst fd00:1:2::/49 classid 5c41:1`
  static let passTo6 = Recording(
    """
    6c0000002c0005060000000000000000
    000000000300000000000000f2ffffff86dd01f0
    0800010075333200
    40000200
      080001000100415c
      3400050001000200000000000000000000000000fffffffffd0000011800000000000000ffff8000000200001c00000000000000
    """)

  /// `tc filter add dev v0 ingress prio 61441 protocol ipv6 u32 match ip6 dst fd00::5/128 classid 5c41:1`
  static let passToHost6 = Recording(
    """
    8c0000002c0005060000000000000000
    000000000300000000000000f2ffffff86dd01f0
    0800010075333200
    60000200
      080001000100415c
      5400050001000400000000000000000000000000fffffffffd0000001800000000000000ffffffff000000001c00000000000000ffffff
        ff000000002000000000000000ffffffff000000052400000000000000
    """)

  /// `tc filter add dev v0 parent 5c41: prio 1 protocol ip u32 match ip src 10.0.0.0/8 flowid 5c41:`
  static let passFrom4 = Recording(
    """
    5c0000002c0005060000000000000000
    0000000003000000000000000000415c08000100
    0800010075333200
    30000200
      080001000000415c
      2400050001000100000000000000000000000000ff0000000a0000000c00000000000000
    """)

  /// `tc filter add dev v0 parent 5c41: prio 2 protocol ipv6 u32 match ip6 src fd00::/8 flowid 5c41:`
  static let passFrom6 = Recording(
    """
    5c0000002c0005060000000000000000
    0000000003000000000000000000415c86dd0200
    0800010075333200
    30000200
      080001000000415c
      2400050001000100000000000000000000000000ff000000fd0000000800000000000000
    """)

  /// What ``passTo4``, ``passTo6``, ``passToHost6`` and ``redirect`` made: `tc filter show dev v0 ingress`. Before the
  /// filters of a priority come the priority itself and its hash table.
  static let ingressFilters = [
    Recording(
      """
      340000002c0002000000000000000000
      000000000300000000000000f2ffffff080000f0
      0800010075333200
      08000b0000000000
      """),
    Recording(
      """
      400000002c0002000000000000000000
      000000000300000000001080f2ffffff080000f0
      0800010075333200
      08000b0000000000
      0c000200
        0800040001000000
      """),
    Recording(
      """
      740000002c0002000000000000000000
      000000000300000000081080f2ffffff080000f0
      0800010075333200
      08000b0000000000
      40000200
        2400050001000100000000000000000000000000ffff80000a0100001000000000000000
        0800020000001080
        080001000100415c
        08000b0008000000
      """),
    Recording(
      """
      340000002c0002000000000000000000
      000000000300000000000000f2ffffff86dd01f0
      0800010075333200
      08000b0000000000
      """),
    Recording(
      """
      400000002c0002000000000000000000
      000000000300000000002080f2ffffff86dd01f0
      0800010075333200
      08000b0000000000
      0c000200
        0800040001000000
      """),
    Recording(
      """
      840000002c0002000000000000000000
      000000000300000000082080f2ffffff86dd01f0
      0800010075333200
      08000b0000000000
      50000200
        3400050001000200000000000000000000000000fffffffffd0000011800000000000000ffff8000000200001c00000000000000
        0800020000002080
        080001000100415c
        08000b0008000000
      """),
    Recording(
      """
      a40000002c0002000000000000000000
      000000000300000001082080f2ffffff86dd01f0
      0800010075333200
      08000b0000000000
      70000200
        5400050001000400000000000000000000000000fffffffffd0000001800000000000000ffffffff000000001c00000000000000ffffff
          ff000000002000000000000000ffffffff000000052400000000000000
        0800020000002080
        080001000100415c
        08000b0008000000
      """),
    Recording(
      """
      340000002c0002000000000000000000
      000000000300000000000000f2ffffff000302f0
      0800010075333200
      08000b0000000000
      """),
    Recording(
      """
      400000002c0002000000000000000000
      000000000300000000000080f2ffffff000302f0
      0800010075333200
      08000b0000000000
      0c000200
        0800040001000000
      """),
    Recording(
      """
      1c0100002c0002000000000000000000
      000000000300000000080080f2ffffff000302f0
      0800010075333200
      08000b0000000000
      e8000200
        240005000100010000000000000000000000000000000000000000000000000000000000
        0800020000000080
        080001000100415c
        08000b0008000000
        a8000700
          a4000100
            0b0001006d69727265640000
            4400040014000100000000000000000000000000000000001400070000000000000000000000000000000000180003000000000000
              000000000000000000000000000000
            08000a0000000000
            48000200
              2000020001000000000000000400000001000000010000000100000004000000
              240001000900000000000000090000000000000000000000000000000000000000000000
      """),
  ]
}

// MARK: - Interfaces

extension Recording {
  /// `ip link set dev lo up`
  static let up = Recording(
    """
    20000000100005000000000000000000
    00000000010000000100000001000000
    """)

  /// The end of a veth whose other end is in another namespace: `ip link show dev v0`
  static let veth = Recording(
    """
    9c000000100000000000000000000000
    00000100040000000210000000000000
    0700030076300000
    08000d00e8030000
    0500100002000000
    0500110000000000
    08000400dc050000
    08001b0000000000
    08001e0000000000
    0a0001005a19508306350000
    0a000200ffffffffffff0000
    10001200
      090001007665746800000000
    0800250000000000
    0800050003000000
    090006006e6f6f7000000000
    """)

  /// The same with both ends in one namespace, which are up.
  static let vethHere = Recording(
    """
    90000000100000000000000000000000
    00000100030000004310010000000000
    0700030076300000
    08000d00e8030000
    0500100006000000
    0500110000000000
    08000400dc050000
    08001b0000000000
    08001e0000000000
    0a0001006ee835be9a9e0000
    0a000200ffffffffffff0000
    10001200
      090001007665746800000000
    0800050002000000
    0800060068746200
    """)

  /// `ip link show dev i0`, which is up and has an alias.
  static let ifb = Recording(
    """
    a0000000100000000000000000000000
    0000010004000000c300010000000000
    0700030069300000
    08000d0020000000
    0500100000000000
    0500110000000000
    08000400dc050000
    08001b0000000000
    08001e0000000000
    130014006e65742f69642f657468302076300000
    0a000100e6f37601d6cf0000
    0a000200ffffffffffff0000
    0c001200
      0800010069666200
    0f000600706669666f5f666173740000
    """)
}
