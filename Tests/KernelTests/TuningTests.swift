// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("tuning", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct TuningTests {
  @Test("parameters and attributes are set, the result has the MAC in lower case, and DEL puts the attributes back")
  func addAndDelete() throws {
    let scene = try TuningScene()
    let members = """
      "sysctl":{"net.core.somaxconn":"500","net.ipv4.conf.IFNAME.arp_filter":"1"},"mac":"02:AB:00:00:00:77","mtu":1300,\
      "promisc":true,"allmulti":true,"txQLen":77,"linkAlias":"web one","group":5,
      """
    let before = try scene.link()
    let outcome = try scene.call("ADD", members)
    try succeed(outcome)
    #expect(outcome.outputText.contains("02:ab:00:00:00:77") && !outcome.outputText.contains("02:AB"))
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == "500")
    #expect(try scene.container.namespace.sysctl("net/ipv4/conf/eth0/arp_filter") == "1")
    let tuned = try scene.link()
    for word in ["mtu 1300", "02:ab:00:00:00:77", "PROMISC", "ALLMULTI", "qlen 77", "alias web one", "group 5"] {
      #expect(tuned.contains(word))
    }
    try succeed(try scene.call("CHECK", members))
    #expect(try scene.files() == ["\(scene.container.id)_eth0.json"])
    try succeed(try scene.call("DEL", members))
    #expect(try scene.link() == before)
    #expect(try scene.files().isEmpty)
    // Parameters stay unless restoreSysctl is set.
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == "500")
  }

  @Test("a log at debug has what ADD changed in the words of ip and sysctl, in the container's namespace")
  func log() throws {
    let scene = try TuningScene()
    let members = #""sysctl":{"net.core.somaxconn":"500"},"mtu":1300,"promisc":true,"#
    let outcome = try scene.call("ADD", members, environment: ["SWIFT_CNI_LOG": "debug"])
    #expect(outcome.status == 0)
    let container = "nsenter --net=\(scene.container.namespace.path)"
    for command in ["ip link set dev eth0 mtu 1300 promisc on", "sysctl -w net.core.somaxconn=500"] {
      #expect(outcome.errorText.contains(": change \(container) \(command): ok\n"), "\(outcome.errorText)")
    }
    let silent = try scene.call("DEL", members, environment: ["SWIFT_CNI_LOG": "info"])
    #expect(silent.status == 0 && !silent.errorText.contains("change"))
  }

  @Test("with restoreSysctl DEL puts the parameters back too")
  func restoredParameters() throws {
    let scene = try TuningScene()
    let before = try scene.container.namespace.sysctl("net/ipv4/tcp_rmem")
    let members = #""sysctl":{"net.ipv4.tcp_rmem":"4096 87380 5000000"},"restoreSysctl":true,"#
    try succeed(try scene.call("ADD", members))
    // The kernel returns tabs.
    try succeed(try scene.call("CHECK", members))
    try succeed(try scene.call("DEL", members))
    #expect(try scene.container.namespace.sysctl("net/ipv4/tcp_rmem") == before)
  }

  @Test("a value that was empty is empty again after a failure, and after DEL with restoreSysctl")
  func emptyValue() throws {
    let scene = try TuningScene()
    let key = #""net.ipv4.ip_local_reserved_ports":"9000""#
    func value() throws -> String { try scene.container.namespace.sysctl("net/ipv4/ip_local_reserved_ports") }
    #expect(try value().isEmpty)
    #expect(errorObject(try scene.call("ADD", #""sysctl":{\#(key),"net.ipv4.tcp_rmem":"x"},"#))?.code == 5)
    #expect(try value().isEmpty)
    try succeed(try scene.call("ADD", #""sysctl":{\#(key)},"restoreSysctl":true,"#))
    #expect(try value() == "9000")
    try succeed(try scene.call("DEL", #""sysctl":{\#(key)},"restoreSysctl":true,"#))
    #expect(try value().isEmpty)
  }

  @Test("a parameter that can only be written, or not be read yet, is set")
  func unreadable() throws {
    let scene = try TuningScene()
    let secret = "2001:0db8:0000:0000:0000:0000:0000:0001"
    let members = """
      "sysctl":{"net.ipv4.route.flush":"1","net.ipv6.conf.IFNAME.stable_secret":"\(secret)"},"restoreSysctl":true,
      """
    for verb in ["ADD", "CHECK", "DEL"] { try succeed(try scene.call(verb, members)) }
  }

  @Test(
    "an interface with a dot in its name is found in every spelling",
    arguments: [
      "net.ipv4.conf.IFNAME.arp_filter", "net/ipv4/conf/IFNAME/arp_filter", "net.ipv4.conf.eth0/100.arp_filter",
      "net/ipv4/conf/eth0.100/arp_filter", "net.ipv4.conf.eth0.100.arp_filter",
    ])
  func dottedInterface(key: String) throws {
    let scene = try TuningScene(interface: "eth0.100")
    try succeed(try scene.call("ADD", #""sysctl":{"\#(key)":"1"},"#))
    #expect(try scene.container.namespace.sysctl("net/ipv4/conf/eth0.100/arp_filter") == "1")
  }

  @Test(
    "a value that cannot be set changes nothing",
    arguments: [
      (#""sysctl":{"net.core.somaxconn":"500","net.core.nosuch":"1"},"#, 7, "sysctl.net.core.nosuch"),
      (#""sysctl":{"net.core.somaxconn":"500","net.ipv4.ip_forward":"nonsense"},"#, 5, "ip_forward"),
      (#""sysctl":{"net.core.somaxconn":"500","net/core/somaxconn":"600"},"#, 7, "is the same key as"),
      (#""sysctl":{"net.core.somaxconn":"500","net.core.somaxconn":"600"},"#, 7, "duplicate"),
      (#""sysctl":{"net/../kernel/panic":"1"},"#, 7, "below net"),
      (#""sysctl":{"kernel.panic":"1"},"#, 7, "below net"),
      (#""sysctl":{"net.ipv4.conf.IFNAME/../all.arp_filter":"1"},"#, 7, "net.ipv4.conf"),
      (#""sysctl":{"net.core.somaxconn":"500"},"mtu":67000,"#, 7, "mtu"),
      (#""sysctl":{"net.core.somaxconn":"500"},"mtu":65536,"#, 101, "eth0"),
      (#""mac":"03:00:00:00:00:01","#, 7, "mac"),
      (#""mac":"02:00:00:00:00","#, 7, "mac"),
      (#""ethtool":{"tx-nosuch":true},"#, 7, "ethtool.tx-nosuch"),
      (#""sysctl":{"net.core.somaxconn":[]},"#, 7, "sysctl.net.core.somaxconn"),
    ])
  func refusal(members: String, code: Int, words: String) throws {
    let scene = try TuningScene()
    let before = (try scene.link(), try scene.container.namespace.sysctl("net/core/somaxconn"))
    let error = try #require(errorObject(try scene.call("ADD", members)))
    #expect(error.code == code)
    #expect(error.message.contains(words))
    #expect(try scene.link() == before.0)
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == before.1)
    #expect(try scene.files().isEmpty)
  }

  @Test("of the MACs the later in this order counts: mac, CNI_ARGS, runtimeConfig, args")
  func precedence() throws {
    let sources: [(members: String, variables: [String: String])] = [
      (#""mac":"02:00:00:00:00:01","#, [:]),
      ("", ["CNI_ARGS": "IgnoreUnknown=1;MAC=02:00:00:00:00:02"]),
      (#""runtimeConfig":{"mac":"02:00:00:00:00:03"},"#, [:]),
      (#""args":{"cni":{"mac":"02:00:00:00:00:04"}},"#, [:]),
    ]
    var members = ""
    var variables: [String: String] = [:]
    for (number, source) in sources.enumerated() {
      members += source.members
      variables.merge(source.variables) { $1 }
      let scene = try TuningScene()
      try succeed(try scene.call("ADD", members, environment: variables))
      #expect(try scene.link().contains("02:00:00:00:00:0\(number + 1)"))
    }
  }

  @Test("args.cni has parameters and attributes of its own, which replace the configuration's")
  func arguments() throws {
    let scene = try TuningScene()
    let members = """
      "sysctl":{"net.core.somaxconn":"500"},"mtu":1400,\
      "args":{"cni":{"mtu":1200,"sysctl":{"net/core/somaxconn":"600","net.ipv4.ip_forward":"1"}}},
      """
    try succeed(try scene.call("ADD", members))
    #expect(try scene.link().contains("mtu 1200"))
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == "600")
    #expect(try scene.container.namespace.sysctl("net/ipv4/ip_forward") == "1")
  }

  @Test("the first values are kept through a second tuning in the chain and a repeated ADD")
  func firstValues() throws {
    let scene = try TuningScene()
    let before = try scene.link()
    for members in [#""mtu":1400,"#, #""mtu":1300,"txQLen":5,"#, #""mtu":1400,"#] {
      try succeed(try scene.call("ADD", members))
    }
    try succeed(try scene.call("DEL", #""mtu":1300,"#))
    #expect(try scene.link() == before)
    try succeed(try scene.call("DEL", #""mtu":1400,"#))
  }

  @Test("features of ethtool are switched by their own names and by their groups', checked, and put back")
  func features() throws {
    let scene = try TuningScene()
    let before = try scene.features()
    #expect(before["tx-checksum-ip-generic"] == true && before["generic-receive-offload"] == false)
    let members = #""ethtool":{"tx-checksumming":false,"rx-gro":true},"#
    try succeed(try scene.call("ADD", members))
    let tuned = try scene.features()
    #expect(tuned["tx-checksum-ip-generic"] == false && tuned["generic-receive-offload"] == true)
    try succeed(try scene.call("CHECK", members))
    try succeed(try scene.call("DEL", members))
    #expect(try scene.features() == before)
  }

  @Test("CHECK reports later changes, and only of requested values")
  func check() throws {
    let scene = try TuningScene()
    let members = #""sysctl":{"net.core.somaxconn":"500"},"mtu":1300,"#
    try succeed(try scene.call("ADD", members))
    try scene.container.namespace.ip("link set eth0 promisc on")
    try succeed(try scene.call("CHECK", members))
    try scene.container.namespace.ip("link set eth0 mtu 1350")
    try scene.container.namespace.set("net/core/somaxconn", to: "501")
    let error = try #require(errorObject(try scene.call("CHECK", members)))
    #expect(error.code == 102)
    #expect(error.message.contains("mtu is 1350 instead of 1300"))
    #expect(error.message.contains("\"501\" instead of \"500\""))
  }

  @Test("DEL removes the backup without namespace or interface, and a broken one; it restores from upstream's backup")
  func deletion() throws {
    let scene = try TuningScene()
    try succeed(try scene.call("ADD", #""mtu":1300,"#))
    try succeed(try scene.call("DEL", "", environment: ["CNI_NETNS": ""]))
    #expect(try scene.files().isEmpty)
    try scene.write(#"{"mtu":1450,"promisc":false,"txQLen":44}"#)
    try succeed(try scene.call("DEL", ""))
    #expect(try scene.link().contains("mtu 1450") && scene.link().contains("qlen 44"))
    try scene.write("{")
    try succeed(try scene.call("DEL", ""))
    #expect(try scene.files().isEmpty)
  }

  @Test("GC removes the backups of this network that the list does not name")
  func garbage() throws {
    let scene = try TuningScene()
    try succeed(try scene.call("ADD", #""mtu":1300,"#))
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(scene.container.id)","ifname":"eth0"}],"#
    try succeed(try scene.call("GC", list, version: "1.1.0"))
    #expect(try scene.files().count == 1)
    try succeed(try scene.call("GC", #""cni.dev/valid-attachments":[],"#, version: "1.1.0", network: "other"))
    #expect(try scene.files().count == 1)
    try succeed(try scene.call("GC", #""cni.dev/valid-attachments":[],"#, version: "1.1.0"))
    #expect(try scene.files().isEmpty)
  }

  @Test("the backup is readable only for its owner, and a link in its place is not followed")
  func privacy() throws {
    let scene = try TuningScene()
    try succeed(try scene.call("ADD", #""mtu":1300,"#))
    #expect(try Program("stat").run(["-c", "%a", scene.folder, scene.file]).outputText == "700\n600\n")
    try succeed(try scene.call("DEL", ""))
    _ = try Program("ln").run(["-s", "/etc/passwd", scene.file])
    #expect(errorObject(try scene.call("ADD", #""mtu":1300,"#))?.code == 5)
    #expect(try !scene.link().contains("mtu 1300"))
  }

  @Test("with nothing but parameters that do not name the interface, the interface need not be there")
  func noInterface() throws {
    let scene = try TuningScene()
    try scene.container.namespace.ip("link del eth0")
    let members = #""sysctl":{"net.core.somaxconn":"500"},"restoreSysctl":true,"#
    let before = try scene.container.namespace.sysctl("net/core/somaxconn")
    for verb in ["ADD", "CHECK"] { try succeed(try scene.call(verb, members)) }
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == "500")
    try succeed(try scene.call("DEL", members))
    #expect(try scene.container.namespace.sysctl("net/core/somaxconn") == before)
    for (members, words) in [
      (#""mtu":1300,"#, "CNI_IFNAME: there is no interface eth0"),
      (#""ethtool":{"rx-gro":true},"#, "CNI_IFNAME: there is no interface eth0"),
      (#""sysctl":{"net.ipv4.conf.IFNAME.arp_filter":"1"},"#, "sysctl.net.ipv4.conf.IFNAME.arp_filter"),
    ] {
      let error = try #require(errorObject(try scene.call("ADD", members)))
      #expect(error.code == 7 && error.message.contains(words))
    }
  }

  @Test("CHECK accepts values that the kernel respells")
  func respelled() throws {
    let scene = try TuningScene()
    let members = """
      "sysctl":{"net.ipv4.ip_local_reserved_ports":"30000,30001,0x7532","net.core.somaxconn":"0x200",\
      "net.ipv4.ip_local_port_range":"020000 60999"},
      """
    for verb in ["ADD", "CHECK"] { try succeed(try scene.call(verb, members)) }
    #expect(try scene.container.namespace.sysctl("net/ipv4/ip_local_reserved_ports") == "30000-30002")
    try scene.container.namespace.set("net/ipv4/ip_local_reserved_ports", to: "30000-30003")
    #expect(errorObject(try scene.call("CHECK", members))?.code == 102)
  }

  @Test("CHECK accepts the kernel's spelling of a value")
  func spelledByKernel() throws {
    let scene = try TuningScene()
    func members(_ end: String) -> String {
      #""sysctl":{"net.ipv6.conf.IFNAME.stable_secret":"2001:db8::\#(end)","net.ipv4.neigh.IFNAME.retrans_time_ms":"1001"},"#
    }
    for end in ["1", "2"] {
      for verb in ["ADD", "CHECK"] { try succeed(try scene.call(verb, members(end))) }
    }
    // Another value than the one that is set now.
    let error = try #require(errorObject(try scene.call("CHECK", members("1"))))
    #expect(error.code == 102 && error.message.contains("stable_secret"))
    try succeed(try scene.call("DEL", members("2")))
    #expect(try scene.files().isEmpty)
    // Without the backup of ADD the difference is reported.
    #expect(errorObject(try scene.call("CHECK", members("2")))?.code == 102)
  }

  @Test("features that depend on others are restored with those, also if two tunings of a chain switch both off")
  func dependentFeatures() throws {
    let scene = try TuningScene()
    let before = try scene.features()
    #expect(before["scatter-gather"] == true && before["tx-tcp-segmentation"] == true)
    // The second is off by then, because it depends on the first.
    try succeed(try scene.call("ADD", #""ethtool":{"scatter-gather":false},"#))
    #expect(try scene.features()["tx-tcp-segmentation"] == false)
    try succeed(try scene.call("ADD", #""ethtool":{"tcp-segmentation-offload":false},"#))
    try succeed(try scene.call("DEL", ""))
    #expect(try scene.features() == before)
    // It cannot be switched on alone; a feature takes precedence over its group.
    try scene.container.namespace.command("ethtool", "-K", "eth0", "sg", "off")
    let error = try #require(errorObject(try scene.call("ADD", #""ethtool":{"tcp-segmentation-offload":true},"#)))
    #expect(error.code == 101 && error.message.contains("tx-tcp-segmentation off"))
    let both = #""ethtool":{"tcp-segmentation-offload":true,"scatter-gather":true},"#
    for verb in ["ADD", "CHECK", "DEL"] { try succeed(try scene.call(verb, both)) }
    try scene.container.namespace.command("ethtool", "-K", "eth0", "sg", "on")
    #expect(try scene.features() == before)
    let part = #""ethtool":{"tx-checksum-ip-generic":true,"tx-checksumming":false},"#
    for verb in ["ADD", "CHECK"] { try succeed(try scene.call(verb, part)) }
    #expect(try scene.features()["tx-checksum-ip-generic"] == true)
    try succeed(try scene.call("DEL", part))
    #expect(try scene.features() == before)
  }

  @Test("a DEL that cannot restore the former values fails, and keeps the backup for the next")
  func failingRestore() throws {
    let scene = try TuningScene()
    try succeed(try scene.call("ADD", #""mtu":1300,"txQLen":77,"#))
    // No veth takes so large an MTU.
    try scene.write(#"{"mtu":4000000,"txQLen":1000}"#)
    let error = try #require(errorObject(try scene.call("DEL", "")))
    #expect(error.code == 101 && error.message.contains("tune eth0"))
    #expect(try scene.files().count == 1)
    try scene.write(#"{"mtu":1500,"txQLen":1000}"#)
    try succeed(try scene.call("DEL", ""))
    #expect(try scene.link().contains("mtu 1500") && scene.files().isEmpty)
  }

  private func succeed(_ outcome: Outcome) throws {
    if outcome.status != 0 { throw CommandFailure(words: ["tuning"], outcome: outcome) }
  }
}
