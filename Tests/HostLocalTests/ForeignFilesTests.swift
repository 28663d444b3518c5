// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@Suite("host-local: what others write in between, and what a crash leaves") struct ForeignFilesTests {
  private let scene: Scene

  init() throws { scene = try Scene() }

  private func remove(_ name: String) throws { try removeFile("\(scene.folder)/\(name)") }

  @Test("a file without an owner counts as free, and goes", arguments: ["", " \r\n", "\n"])
  func empty(text: String) throws {
    for address in 2...6 { try scene.write(text, to: "10.1.0.\(address)") }
    #expect(scene.call("STATUS", scene.config(Scene.small)).status == 0)
    #expect(scene.add("c1").addresses == ["10.1.0.2/29"])
    #expect(try scene.reservations() == ["10.1.0.2"])
  }

  @Test("a reservation that upstream made of the same attachment is a duplicate, also in the old form")
  func upstreamDuplicate() throws {
    _ = scene.add("other")
    try scene.write("c1\r\neth0", to: "10.1.0.6")
    try scene.write("c2", to: "10.1.0.5")
    #expect(scene.add("c1").message.contains("10.1.0.6 has been allocated to c1"))
    #expect(scene.add("c2").message.contains("10.1.0.5 has been allocated to c2"))
    // Both have stamps now, and are found by them.
    #expect(try scene.stamps().count == 3)
    #expect(scene.add("c1").code == 103)
    #expect(scene.call("DEL", scene.config(Scene.small)).status == 0)
    #expect(scene.call("DEL", scene.config(Scene.small), id: "c2").status == 0)
    #expect(try scene.reservations() == ["10.1.0.2"])
    #expect(try scene.stamps().count == 1)
  }

  @Test("a stamp of an address that has another file now decides nothing")
  func replaced() throws {
    _ = scene.add("c1")
    try remove("10.1.0.2")
    try scene.write("c2\r\neth0", to: "10.1.0.2")
    #expect(scene.add("c2").code == 103)
    #expect(scene.add("c1").addresses == ["10.1.0.3/29"])
    #expect(try scene.stamps().count == 2)
  }

  @Test("a stamp without its address, as a killed ADD leaves it, goes with the next ADD or the attachment's DEL")
  func leftover() throws {
    _ = scene.add("c1")
    _ = scene.add("c2")
    for name in ["10.1.0.2", "10.1.0.3"] { try remove(name) }
    #expect(scene.call("DEL", scene.config(Scene.small)).status == 0)
    #expect(try scene.stamps().count == 1)
    #expect(scene.add("c2").addresses == ["10.1.0.4/29"])
    #expect(try scene.stamps().count == 1)
  }

  @Test("files that were copied without their hard links are taken as they are")
  func copied() throws {
    for id in ["a", "b"] { _ = scene.add(id) }
    for name in try scene.names() where name.hasPrefix(".own.") {
      let text = try scene.text(name)
      try remove(name)
      try scene.write(text, to: name)
    }
    #expect(scene.add("a").code == 103)
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3"])
    #expect(try scene.stamps().count == 2)
  }

  @Test("a folder or a link with an address's name takes the address, and hinders no call")
  func otherKinds() throws {
    try scene.write("x", to: "target")
    try makeFolder("\(scene.folder)/10.1.0.2")
    try linkSymbolically("\(scene.folder)/10.1.0.3", to: "\(scene.folder)/target")
    #expect(scene.add("c1").addresses == ["10.1.0.4/29"])
    #expect(scene.call("CHECK", scene.config(Scene.small)).status == 0)
    #expect(scene.call("DEL", scene.config(Scene.small)).status == 0)
    let list = #", "cni.dev/valid-attachments": []"#
    #expect(scene.call("GC", scene.config(Scene.small, list)).status == 0)
    #expect(try scene.reservations() == ["10.1.0.2", "10.1.0.3"])
  }

  @Test("a network's folder may be a symbolic link, as with upstream")
  func linkedFolder() throws {
    let target = "\(scene.temporary.path)/elsewhere"
    try makeFolder(target)
    try makeFolder(scene.dataDirectory)
    try linkSymbolically(scene.folder, to: target)
    #expect(scene.call("STATUS", scene.config(Scene.small)).status == 0)
    #expect(scene.add("c1").addresses == ["10.1.0.2/29"])
    #expect(try readFile("\(target)/10.1.0.2") == "c1\r\neth0")
    #expect(scene.call("DEL", scene.config(Scene.small)).status == 0)
    #expect(throws: SystemError.self) { try readFile("\(target)/10.1.0.2") }
  }
}
