// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Firewalld

@Suite struct MethodCallTests {
  @Test("the call without arguments is what busctl sends, but for the flag that starts nothing")
  func hello() {
    let call = MethodCall(
      destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus",
      member: "Hello")
    #expect(call.bytes(serial: 1) == Trace.hello)
  }

  @Test("the call with two strings is what busctl sends, but for its flags")
  func addSource() {
    let call = MethodCall(
      destination: "org.fedoraproject.FirewallD1", path: "/org/fedoraproject/FirewallD1",
      interface: "org.fedoraproject.FirewallD1.zone", member: "addSource", arguments: ["trusted", "10.22.0.5/32"])
    #expect(call.bytes(serial: 2) == Trace.addSource)
  }

  @Test("strings are measured in bytes, and a serial is written in little-endian order")
  func lengths() {
    let call = MethodCall(destination: "a.b", path: "/", interface: "a.b", member: "m", arguments: ["ä", "", "xyz"])
    let bytes = call.bytes(serial: 0x0102_0304)
    #expect(Array(bytes[8..<12]) == [4, 3, 2, 1])
    #expect(bytes.count - Int(bytes[4]) == (16 + Int(bytes[12]) + 7) / 8 * 8)
    #expect(bytes.suffix(Int(bytes[4])) == hex("02000000 c3a400 00 00000000 00 000000 03000000 78797a00"))
  }
}
