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
}
