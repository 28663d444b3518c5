// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Sysctl
import Testing

@Suite struct SysctlTests {
  @Test("the path is made of the parts as they are, also of an interface with a dot")
  func path() {
    let sysctl = Sysctl("net", "ipv4", "conf", "eth0.100", "route_localnet")
    #expect(sysctl.path == "/proc/sys/net/ipv4/conf/eth0.100/route_localnet")
  }

  @Test("a value is read without the line feed at its end")
  func read() throws {
    #expect(try Sysctl("kernel", "ostype").read() == "Linux")
  }

  @Test("a parameter that is missing is an error with its path")
  func missing() {
    let error = SystemError("open /proc/sys/net/nothing", number: ENOENT)
    #expect(throws: error) { try Sysctl("net", "nothing").read() }
    #expect(throws: error) { try Sysctl("net", "nothing").write("1") }
  }

  @Test(
    "a log at debug tells what is written as sysctl is given it, with slashes where a part has dots, and the refusal")
  func trace() {
    ChangeTrace.begin(container: nil)
    try? Sysctl("net", "nothing").write("0 1")
    try? Sysctl("net", "ipv4", "conf", "eth0.100", "nothing").write("1")
    let changes = ChangeTrace.end()
    #expect(changes.map(\.command) == ["sysctl -w 'net.nothing=0 1'", "sysctl -w net/ipv4/conf/eth0.100/nothing=1"])
    #expect(changes.allSatisfy { $0.answer.hasSuffix(": No such file or directory") })
  }

  @Test("the path of a key is that of its parts")
  func key() throws {
    let key = try #require(SysctlKey("net.ipv4.conf.eth0/100.x", interface: "eth0"))
    #expect(Sysctl(key).path == "/proc/sys/net/ipv4/conf/eth0.100/x")
  }

  @Test(
    "two values are the same if their words are, whatever is between and around them",
    arguments: [
      ("1", "1", true), ("4096\t131072\t6291456", "4096 131072 6291456", true), (" 1\n", "1", true),
      ("a\r\nb", "a b", true), ("", " \t", true), ("1", "2", false), ("1 2", "12", false), ("1 2", "1", false),
      ("1 2", "2 1", false), ("", "0", false), ("a", "A", false),
    ])
  func isSame(left: String, right: String, expected: Bool) {
    #expect(Sysctl.isSame(left, right) == expected)
    #expect(Sysctl.isSame(right, left) == expected)
  }

  @Test(
    "values that the kernel respells are the same",
    arguments: [
      ("4096 87380\t5000000", "4096\t87380 5000000"), ("0x200", "512"), ("0X1f", "31"), ("010", "8"), ("-0x10", "-16"),
      ("30000,30001", "30000-30001"), ("80,443,1-3,2-5,6", "1-6,80,443"), ("9000-9000", "9000"), ("", ""), (" 1 ", "1"),
      ("0x50,443", "80,443"), ("ff", "00000000,000000ff"), ("3", "00000000,00000003"), ("bbr", "bbr"),
      ("1,2 7", "1-2\t7"),
    ])
  func same(left: String, right: String) {
    #expect(Sysctl.isSame(left, right))
    #expect(Sysctl.isSame(right, left))
  }

  @Test(
    "other values are not",
    arguments: [
      ("1", "2"), ("10", "010"), ("1", "1 1"), ("", "0"), ("30000,30002", "30000-30002"), ("1-3", "1,3"),
      ("bbr", "cubic"),
      ("0x", "0"), ("08", "8"), ("3-1", "1-3"), ("1,,2", "1-2"), ("-1", "1"), ("9223372036854775807-1", "1"),
      ("-", "--"),
      ("30000,30001", "3000030001"), ("ff", "00000001,000000ff"), ("18446744073709551616", "0"), ("a,b", "ab"),
    ])
  func different(left: String, right: String) {
    #expect(!Sysctl.isSame(left, right))
    #expect(!Sysctl.isSame(right, left))
  }
}
