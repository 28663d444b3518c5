// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct NetworkListTests {
  private func parse(_ text: String) throws(ConfigurationError) -> NetworkList {
    try NetworkList(parsing: Array(text.utf8), path: "f")
  }

  private func fault(_ text: String) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try parse(text)
      return nil
    } catch {
      return error
    }
  }

  @Test("a list has its plugins in order, and the capabilities that they declare")
  func plugins() throws {
    let list = try parse(
      #"{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"bridge","capabilities":{"mac":true,"ips":false}},{"type":"portmap","capabilities":{"aliases":true,"mac":true}}]}"#
    )
    #expect(list.plugins.map(\.type) == ["bridge", "portmap"])
    #expect(list.plugins[0].capabilities == ["mac"])
    #expect(list.capabilities == ["aliases", "mac"])
    #expect(list.cniVersion == "1.0.0")
    #expect(!list.disablesCheck && !list.disablesGC && !list.loadsOnlyInlinedPlugins)
    #expect(list.path == "f")
  }

  @Test("what a plugin's configuration has is kept, whether or not it is known")
  func unknownMembers() throws {
    let list = try parse(#"{"name":"n","plugins":[{"type":"x","b":{"z":1,"a":[2.5]},"a.b/c":null}]}"#)
    #expect(list.plugins[0].json == #"{"a.b/c":null,"b":{"a":[2.5],"z":1},"type":"x"}"#)
  }

  @Test("a single plugin is a list of one, and is cached as that")
  func single() throws {
    let list = try parse(#"{"type":"bridge","name":"n","cniVersion":"0.4.0","x":1}"#)
    #expect(list.name == "n")
    #expect(list.cniVersion == "0.4.0")
    #expect(list.plugins.map(\.type) == ["bridge"])
    #expect(list.plugins[0].name == "n")
    let cached =
      #"{"cniVersion":"0.4.0","name":"n","plugins":[{"cniVersion":"0.4.0","name":"n","type":"bridge","x":1}]}"#
    #expect(text(list.text) == cached)
  }

  @Test("a list is cached byte for byte")
  func listText() throws {
    let source = "{ \"plugins\":[ {\"type\":\"x\"}],\n\"name\":\"n\" }\n"
    #expect(text(try parse(source).text) == source)
  }

  @Test(
    "the highest known version of cniVersion and cniVersions is used; a cniVersion that stands alone is passed on",
    arguments: [
      (#""cniVersion":"0.3.1""#, "0.3.1"), (#""cniVersion":"9.9.9""#, "9.9.9"), ("", ""), (#""cniVersion":"x""#, "x"),
      (#""cniVersions":["0.3.1","1.0.0","0.4.0"]"#, "1.0.0"), (#""cniVersions":["1.1.0","1.2.0"]"#, "1.1.0"),
      (#""cniVersion":"1.1.0","cniVersions":["0.3.1","0.4.0"]"#, "1.1.0"),
      (#""cniVersion":"0.3.1","cniVersions":["0.4.0"]"#, "0.4.0"),
      (#""cniVersion":"1.2.0","cniVersions":["2.0.0"]"#, "1.2.0"), (#""cniVersions":["2.0.0"]"#, ""),
      (#""cniVersions":["0.10.0","0.4.0"]"#, "0.10.0"), (#""cniVersion":"0.4.0","cniVersions":[]"#, "0.4.0"),
    ])
  func version(members: String, expected: String) throws {
    let list = try parse(#"{"name":"n",\#(members)\#(members.isEmpty ? "" : ",")"plugins":[{"type":"x"}]}"#)
    #expect(list.cniVersion == expected)
  }

  @Test(
    "a switch is true or false, or one of these words in any case",
    arguments: [("true", true), ("false", false), (#""true""#, true), (#""FALSE""#, false), (#""True""#, true)])
  func switches(value: String, expected: Bool) throws {
    let list = try parse(
      #"{"name":"n","disableCheck":\#(value),"disableGC":\#(value),"loadOnlyInlinedPlugins":\#(value),"plugins":[{"type":"x"}]}"#
    )
    #expect(list.disablesCheck == expected)
    #expect(list.disablesGC == expected)
    #expect(list.loadsOnlyInlinedPlugins == expected)
  }

  private static let one = #""plugins":[{"type":"x"}]"#

  @Test(
    "a fault is told with its field, its line and libcni's words",
    arguments: [
      ("{\n\(one)}", "name", 1, "no name"),
      ("{\n\"name\":\"\",\(one)}", "name", 2, "no name"),
      ("{\n\"name\":5,\(one)}", "name", 2, "invalid name type float64"),
      ("{\n\n\"name\":\"a/b\",\(one)}", "name", 3, #"invalid characters found in network name "a/b""#),
      ("{\"name\":\"n\",\n\"cniVersion\":1,\(one)}", "cniVersion", 2, "invalid cniVersion type float64"),
      ("{\"name\":\"n\",\n\"cniVersions\":\"1\",\(one)}", "cniVersions", 2, "invalid type for cniVersions: string"),
      (
        "{\"name\":\"n\",\"cniVersions\":[\"0.4.0\",\n1],\(one)}", "cniVersions[1]", 2,
        "invalid type for cniVersions index 1: float64"
      ),
      (
        "{\"name\":\"n\",\"cniVersions\":[\n\"1.x\"],\(one)}", "cniVersions[0]", 2,
        "invalid cniVersions entry 1.x at index 0"
      ),
      (
        "{\"name\":\"n\",\"cniVersion\":\"x\",\"cniVersions\":[],\(one)}", "cniVersion", 1, "invalid cniVersion x"
      ),
      (
        "{\"name\":\"n\",\n\"disableCheck\":\"Maybe\",\(one)}", "disableCheck", 2,
        #"invalid value "maybe" for disableCheck"#
      ),
      ("{\"name\":\"n\",\n\"disableGC\":1,\(one)}", "disableGC", 2, "invalid type float64 for disableGC"),
      ("{\"name\":\"n\",\n\"plugins\":{}}", "plugins", 2, "invalid 'plugins' type map[string]interface {}"),
      ("{\"name\":\"n\",\n\"plugins\":[]}", "plugins", 2, "no plugins in list"),
      (
        "{\"name\":\"n\",\"loadOnlyInlinedPlugins\":true}", "plugins", 1,
        "`loadOnlyInlinedPlugins` is true, and no 'plugins' key"
      ),
    ])
  func faults(source: String, field: String, line: Int, message: String) throws {
    let failure = try #require(fault(source))
    #expect(failure.field == field)
    #expect(failure.line == line)
    #expect(failure.message == "error parsing configuration list: \(message)")
    #expect(!failure.hint.isEmpty)
    #expect("\(failure)" == "f:\(line): \(field): \(failure.message) (\(failure.hint))")
  }

  @Test(
    "a fault of a plugin is told with the plugin's place",
    arguments: [
      ("[\n{}]", "plugins[0].type", 2, "error parsing configuration: missing 'type'"),
      ("[{\"type\":\"a\"},\n{\"type\":\"\"}]", "plugins[1].type", 2, "error parsing configuration: missing 'type'"),
      ("[{\n\"type\":5}]", "plugins[0].type", 2, "error parsing configuration: expected a string, found 5"),
      ("[\n\"bridge\"]", "plugins[0]", 2, "error parsing configuration: expected an object, found \"bridge\""),
      ("[{\n\"type\":\"../x\"}]", "plugins[0].type", 2, "error parsing configuration: invalid plugin name: ../x"),
      (
        "[{\"type\":\"x\",\n\"capabilities\":{\n\"mac\":\"yes\"}}]", "plugins[0].capabilities.mac", 3,
        "error parsing configuration: expected true or false, found \"yes\""
      ),
    ])
  func pluginFaults(plugins: String, field: String, line: Int, message: String) throws {
    let failure = try #require(fault(#"{"name":"n","plugins":\#(plugins)}"#))
    #expect(failure.field == field)
    #expect(failure.line == line)
    let index = field.hasPrefix("plugins[1]") ? 1 : 0
    #expect(failure.message == "failed to parse plugin config \(index): \(message)")
  }

  @Test(
    "a text that is not JSON, or no object, is told with its line",
    arguments: [("{\n\"name\":\n}", 3), ("[1]", 1), ("", nil)])
  func noObject(source: String, line: Int?) throws {
    let failure = try #require(fault(source))
    #expect(failure.line == line)
    #expect(failure.message.hasPrefix("error parsing configuration list: "))
  }

  @Test("a list without plugins is refused, as there is no folder to look for them")
  func noPlugins() throws {
    #expect(fault(#"{"name":"n"}"#)?.message == "no plugin configs found")
  }
}
