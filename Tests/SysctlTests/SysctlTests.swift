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
      ("1 2", "2 1", false), ("", "0", false), ("1", "01", false), ("a", "A", false),
    ])
  func isSame(left: String, right: String, expected: Bool) {
    #expect(Sysctl.isSame(left, right) == expected)
    #expect(Sysctl.isSame(right, left) == expected)
  }
}
