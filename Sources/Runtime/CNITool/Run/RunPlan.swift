// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNIRuntime
import JSON

/// Which networks a container is attached to, in order, and what each of them is asked for.
package struct RunPlan: Sendable {
  package private(set) var attachments: [PlannedAttachment]

  /// Gives each network an interface, and each option to the networks that can do it; throws if there is none. Ports and addresses are for
  /// the first network that has the capability, limits and name servers for each that has it. Addresses go by `CNI_ARGS` where no
  /// network declares the capability: IPAM plugins read them there too.
  package init(
    _ networks: [NetworkList], interfaces: [String], containerID: String, namespace: String, options: ContainerOptions,
    settings: Settings, process: PlannedAttachment.StartedProcess? = nil
  ) throws(ToolFailure) {
    var attachments = zip(networks, interfaces).map { network, interface in
      Attachment(
        containerID: containerID, namespace: namespace, interface: interface, arguments: settings.arguments,
        capabilityArguments: settings.capabilityArguments)
    }
    var (addressed, published): (Int?, Int?) = (nil, nil)

    func places(_ capability: String, _ option: String) throws(ToolFailure) -> [Int] {
      let places = networks.indices.filter { networks[$0].capabilities.contains(capability) }
      if !places.isEmpty { return places }
      let names = networks.map(\.name).joined(separator: ", ")
      throw ToolFailure(
        "\(option): no plugin of \(networks.count == 1 ? "network" : "the networks") \(names) has the capability \(capability) "
          + "(\"capabilities\": {\"\(capability)\": true})", code: .invalidConfiguration)
    }

    if !options.ports.isEmpty {
      let place = try places("portMappings", "--publish")[0]
      published = place
      attachments[place].capabilityArguments.setPortMappings(options.ports.map(\.mapping))
    }
    if let limit = options.bandwidth {
      for place in try places("bandwidth", "--bandwidth") {
        attachments[place].capabilityArguments.setBandwidth(limit.limits)
      }
    }
    if !options.addresses.isEmpty {
      let place = networks.firstIndex { $0.capabilities.contains("ips") }
      addressed = place ?? 0
      if let place {
        attachments[place].capabilityArguments.setAddresses(options.addresses)
      } else {
        let isStatic = networks[0].hasStaticAddresses
        if options.addresses.count > 1, !isStatic {
          throw ToolFailure(
            "--ip: network \(networks[0].name) takes one address: for more a plugin must have the capability ips "
              + "(\"capabilities\": {\"ips\": true})", code: .invalidConfiguration)
        }
        attachments[0].request(
          "IP", options.addresses.map { isStatic ? $0 : String($0.prefix { $0 != "/" }) }.joined(separator: ","))
      }
    }
    if let mac = options.mac {
      if networks[0].capabilities.contains("mac") {
        attachments[0].capabilityArguments.setMAC(mac)
      } else {
        attachments[0].request("MAC", mac)
      }
    }
    if !options.nameServers.isEmpty {
      let dns = CapabilityArguments.DNS(servers: options.nameServers, searches: options.searchDomains)
      // The command's /etc/resolv.conf names them whether a plugin wants to know them or not.
      for place in networks.indices where networks[place].capabilities.contains("dns") {
        attachments[place].capabilityArguments.setDNS(dns)
      }
    }
    self.attachments = zip(networks, attachments).map { PlannedAttachment($0, $1) }
    if let process {
      for place in self.attachments.indices { self.attachments[place].process = process }
    }
    if let addressed {
      self.attachments[addressed].requestedAddresses = options.addresses.compactMap {
        Prefix(addressOrPrefix: $0)?.address
      }
    }
    if let published {
      self.attachments[published].publishedAddresses = options.ports.compactMap(\.hostAddress)
    }
    if let mac = options.mac { self.attachments[0].requestedMAC = MACAddress(mac) }
  }
}

extension Attachment {
  /// Adds a pair to `CNI_ARGS`. Upstream's plugins refuse one that is for another plugin of the network, unless they are told to pass over
  /// it.
  fileprivate mutating func request(_ name: String, _ value: String) {
    arguments.removeAll { $0.name == name || $0.name == "IgnoreUnknown" }
    arguments += [Argument("IgnoreUnknown", "1"), Argument(name, value)]
  }
}

extension NetworkList {
  /// Whether the IPAM plugin is `static`, which takes several addresses in one argument, each with the length of its subnet.
  fileprivate var hasStaticAddresses: Bool {
    plugins.contains { plugin in
      let options = Field(try? JSON(parsing: Array(plugin.json.utf8)))
      return (try? options["ipam"]["type"].string()) == "static"
    }
  }
}
