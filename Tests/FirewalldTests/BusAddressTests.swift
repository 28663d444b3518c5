// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Firewalld

@Suite struct BusAddressTests {
  @Test(
    "the addresses of sockets of this machine are found in a list, with what is escaped in them",
    arguments: [
      ("unix:path=/run/bus", ["/run/bus"]),
      ("unix:abstract=/tmp/dbus-x", ["@/tmp/dbus-x"]),
      ("unix:path=/a;unix:abstract=b;unix:path=/c", ["/a", "@b", "/c"]),
      (";unix:path=/a;;unix:path=/b;", ["/a", "/b"]),
      ("unix:path=/a,guid=0123456789abcdef0123456789abcdef", ["/a"]),
      ("unix:guid=0123456789abcdef0123456789abcdef,path=/a", ["/a"]),
      ("unix:path=/a%20b%2Fc%2fd%25", ["/a b/c/d%"]),
      ("unix:path=/a=b", ["/a=b"]),
      ("tcp:host=localhost,port=1;unix:path=/a", ["/a"]),
    ])
  func found(list: String, names: [String]) {
    let found = BusAddress.list(list).map { ($0.isAbstract ? "@" : "") + String(decoding: $0.name, as: UTF8.self) }
    #expect(found == names)
  }

  @Test(
    "what is no such address is passed over",
    arguments: [
      "", ";", "unix", "unix:", "unix:path", "unix:path=", "unix:abstract=", "path=/a", "UNIX:path=/a", "unix:Path=/a",
      "unix:tmpdir=/tmp", "unix:runtime=yes", "unixexec:path=/bin/true", "unix:path=/%", "unix:path=/%2",
      "unix:path=/%2g", "unix:path=/%-1", "unix:path=/a%00b", "unix:path=/%٣٣", "\0", "unix:=", "unix:,,=,",
    ])
  func passedOver(list: String) {
    #expect(BusAddress.list(list).isEmpty)
  }

  @Test("a name is as long as the kernel takes it, and no longer", arguments: ["path", "abstract"])
  func length(key: String) {
    let name = "/" + String(repeating: "x", count: 106)
    #expect(BusAddress.list("unix:\(key)=\(name)").map(\.name) == [Array(name.utf8)])
    #expect(BusAddress.list("unix:\(key)=\(name)x").isEmpty)
  }

  @Test("an address is told as it was written, and the standard ones are addresses")
  func text() {
    #expect(BusAddress.list("unix:path=/a%20b,guid=1;x").map(\.description) == ["unix:path=/a%20b,guid=1"])
    #expect(BusAddress.list(BusAddress.standard).count == 2)
  }
}
