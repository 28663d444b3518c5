// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct NetworkListTests {
  private func list(_ text: String) throws -> NetworkList { try NetworkList(parsing: Array(text.utf8)) }

  @Test("a list has its plugins in order, and the capabilities that they declare")
  func plugins() throws {
    let list = try list(
      #"{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"bridge","capabilities":{"mac":true,"ips":false}},{"type":"portmap"}]}"#
    )
    #expect(list.plugins.map(\.type) == ["bridge", "portmap"])
    #expect(list.capabilities == ["mac"])
    #expect(list.cniVersion == "1.0.0")
  }
}
