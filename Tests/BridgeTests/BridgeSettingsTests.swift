// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import Rules
import Testing

@testable import Bridge

@Suite("bridge's options") struct BridgeSettingsTests {
  private func settings(_ members: String = "") throws -> BridgeSettings {
    try BridgeSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
  }

  @Test("without options the bridge is cni0, and nothing is asked for")
  func defaults() throws {
    let settings = try settings(#""vlan":0,"vlanTrunk":[],"preserveDefaultVlan":false,"ipam":{"type":"host-local"},"#)
    #expect(settings.bridge == "cni0" && settings.mtu == nil && settings.masqueradeBackend == nil)
    #expect(!settings.isGateway && !settings.isDefaultGateway && !settings.forceAddress && !settings.masquerades)
    #expect(!settings.isPromiscuous && !settings.checksMAC && !settings.detectsDuplicates)
    #expect(settings.port[.hairpin] == false && settings.port[.isolated] == false)
  }

  @Test("every option is read, and isDefaultGateway implies isGateway")
  func all() throws {
    let settings = try settings(
      """
      "bridge":"br1","isDefaultGateway":true,"forceAddress":true,"ipMasq":true,"ipMasqBackend":"iptables","mtu":1400,
      "hairpinMode":true,"portIsolation":true,"macspoofchk":true,"enabledad":true,"disableContainerInterface":true,
      "dns":{"nameservers":["192.0.2.53"]},
      """)
    #expect(settings.bridge == "br1" && settings.isGateway && settings.isDefaultGateway && settings.forceAddress)
    #expect(settings.masquerades && settings.masqueradeBackend == .iptables && settings.mtu == .bytes(1400))
    #expect(settings.port[.hairpin] == true && settings.port[.isolated] == true)
    #expect(settings.checksMAC && settings.detectsDuplicates && settings.leavesInterfaceDown)
    #expect(settings.dns.nameservers == ["192.0.2.53"])
    #expect(try self.settings(#""promiscMode":true,"#).isPromiscuous)
  }

  @Test(
    "a wrong option is code 7 with its name and what was expected",
    arguments: [
      (#""bridge":7"#, "bridge: expected a string"), (#""bridge":"a/b""#, "bridge: expected an interface name"),
      (#""bridge":"sixteen_letters_""#, "bridge: expected an interface name"),
      (#""isGateway":"yes""#, "isGateway: expected true or false"),
      (#""isDefaultGateway":1"#, "isDefaultGateway: expected true or false"),
      (#""forceAddress":"""#, "forceAddress: expected true or false"),
      (#""ipMasq":"true""#, "ipMasq: expected true or false"),
      (#""ipMasqBackend":"foo""#, "ipMasqBackend: expected one of iptables, nftables"),
      (#""mtu":-1"#, "mtu: expected \"auto\", 0, or bytes from 68 to 65535"),
      (#""hairpinMode":[]"#, "hairpinMode: expected true or false"),
      (#""promiscMode":{}"#, "promiscMode: expected true or false"),
      (#""promiscMode":true,"hairpinMode":true"#, "hairpinMode: expected hairpin mode or promiscuous mode"),
      (#""macspoofchk":0"#, "macspoofchk: expected true or false"),
      (#""enabledad":0"#, "enabledad: expected true or false"),
      (#""portIsolation":0"#, "portIsolation: expected true or false"),
      (#""disableContainerInterface":0"#, "disableContainerInterface: expected true or false"),
      (
        #""disableContainerInterface":true,"ipam":{"type":"static"}"#,
        "ipam: expected no IPAM plugin with disableContainerInterface"
      ),
      (#""dns":[]"#, "dns: expected an object"),
      (#""dns":{"nameservers":[7]}"#, "dns.nameservers[0]: expected a string"),
    ])
  func wrong(members: String, message: String) throws {
    let error = #expect(throws: CNIError.self) { try settings(members + ",") }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test("VLANs are code 2 with the option's name", arguments: [("vlan", "100"), ("vlanTrunk", #"[{"id":5}]"#)])
  func vlans(name: String, value: String) throws {
    let error = #expect(throws: CNIError.self) { try settings(#""\#(name)":\#(value),"#) }
    #expect(error?.code == .unsupportedField)
    #expect(error?.message.hasPrefix("\(name): ") == true)
  }
}
