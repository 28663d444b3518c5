// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("cnitool", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolTests {
  private let node: ToolNode

  init() throws {
    node = try ToolNode()
    try node.addNetwork("net", ToolNode.bridge(0), ToolNode.tuning, ToolNode.portmap, ToolNode.firewall)
  }

  private func attachments() throws -> [Field] {
    try Field(JSON(parsing: node.tool("attachments", "--json").output)).array() ?? []
  }

  @Test("add, check and del: result, cache, container ID and exit status are upstream's, and nothing is left")
  func verbs() throws {
    try node.shell("ip netns add c1")
    let added = try node.tool("add", "net", "/run/netns/c1")
    #expect(added.status == 0 && added.errorText == "")
    let result = try Field(JSON(parsing: added.output))
    #expect(try result["cniVersion"].string() == "1.1.0")
    #expect(try result["ips"].array()?.first?["address"].string() == "10.60.0.2/16")
    #expect(added.output.last == UInt8(ascii: "}"))
    let cached = try node.shell("cat /var/lib/cni/results/net-cnitool-20b4ff582526573bbe7d-eth0")
    #expect(cached.hasPrefix(#"{"kind":"cniCacheV1","containerId":"cnitool-20b4ff582526573bbe7d","config":"eyJjb"#))
    #expect(
      cached.contains(#","ifName":"eth0","networkName":"net","netns":"/run/netns/c1","result":{"cniVersion":"1.1.0""#))
    for verb in ["check", "status"] {
      let outcome = try node.tool(verb, "net", "/run/netns/c1")
      #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
    }
    #expect(try node.shell("ip netns exec c1 ip -o -4 address show dev eth0").contains(" 10.60.0.2/16 "))
    try node.shell("ip netns exec c1 ip address delete 10.60.0.2/16 dev eth0")
    let checked = try node.tool("check", "net", "/run/netns/c1")
    #expect(checked.status == 1 && checked.output.isEmpty)
    #expect(checked.errorText.contains("bridge"))
    // The path of the namespace is made absolute, so that the ID is the same.
    let deleted = try node.run(["/bin/sh", "-c", "cd /run/netns && exec \(ToolNode.tool) del net ./c1"])
    #expect(deleted.status == 0 && deleted.output.isEmpty && deleted.errors.isEmpty)
    #expect(try node.tool("del", "net", "/run/netns/c1").status == 0)
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }

  @Test("CNI_ARGS, CAP_ARGS, CNI_IFNAME and --ifname reach the plugins and the cache")
  func environment() throws {
    try node.shell("ip netns add c1")
    let environment = [
      "CNI_ARGS": "IgnoreUnknown=1;IP=10.60.7.7", "CNI_IFNAME": "net1",
      "CAP_ARGS":
        #"{"mac": "02:00:00:00:07:07", "portMappings": [{"hostPort": 81, "containerPort": 80, "protocol": "tcp"}]}"#,
    ]
    let added = try node.tool("add", "net", "/run/netns/c1", environment: environment)
    #expect(added.status == 0, "\(added.errorText)")
    let links = try node.shell("ip netns exec c1 ip -o address show dev net1; ip netns exec c1 ip link show dev net1")
    #expect(links.contains(" 10.60.7.7/16 ") && links.contains("02:00:00:00:07:07"))
    let cached = try node.shell("cat /var/lib/cni/results/*-net1")
    #expect(cached.contains(#""cniArgs":[["IgnoreUnknown","1"],["IP","10.60.7.7"]],"capabilityArgs":{"mac":"02:00"#))
    let other = try node.tool("add", "net", "/run/netns/c1", "-i", "net2", environment: ["CNI_IFNAME": "net9"])
    #expect(other.status == 0, "\(other.errorText)")
    #expect(try node.run([ToolNode.tool, "--ifname", "net2", "del", "net", "/run/netns/c1"]).status == 0)
    #expect(try attachments().map { try $0["interface"].string() } == ["net1"])
    #expect(try node.tool("del", "net", "/run/netns/c1", "--ifname", "net1").status == 0)
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }

  @Test("a failure is one message on stderr, or with --json an error object on stdout, and status 1")
  func failures() throws {
    try node.shell("ip netns add c1")
    let taken = ["CNI_ARGS": "IgnoreUnknown=1;IP=10.99.0.1"]
    let said = try node.tool("add", "net", "/run/netns/c1", environment: taken)
    #expect(said.status == 1 && said.output.isEmpty)
    #expect(said.errorText.hasPrefix(#"plugin type="bridge" failed (add): "#))
    let json = try node.tool("add", "net", "/run/netns/c1", "--json", environment: taken)
    #expect(json.status == 1 && json.errors.isEmpty)
    let object = try Field(JSON(parsing: json.output))
    #expect(try object["plugin"].string() == "bridge" && object["verb"].string() == "ADD")
    #expect(try object["code"].integer(in: 1...999) != nil)
    for arguments in [["add", "nosuch", "/run/netns/c1"], ["add", "net"], ["nosuch"], ["status", "net", "x", "y"]] {
      let outcome = try node.run([ToolNode.tool] + arguments)
      #expect(outcome.status == 1 && outcome.output.isEmpty && !outcome.errors.isEmpty)
    }
    let missing = try node.tool("add", "net", "/run/netns/c1", environment: ["CNI_PATH": "/nowhere"])
    #expect(missing.errorText.contains(#"failed to find plugin "bridge" in path [/nowhere]"#))
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }

  @Test("an ADD that fails in the middle of the list is undone")
  func rollback() throws {
    try node.addNetwork(
      "broken", ToolNode.bridge(1), ToolNode.portmap, #"{"type": "tuning", "sysctl": {"net.nosuch": "1"}}"#)
    try node.shell("ip netns add c1")
    let outcome = try node.tool("add", "broken", "/run/netns/c1")
    #expect(outcome.status == 1)
    #expect(outcome.errorText.hasPrefix(#"plugin type="tuning" failed (add): "#))
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }

  @Test("an add whose result cannot be printed is undone")
  func unprintable() throws {
    try node.shell("ip netns add c1")
    let outcome = try node.run(["/bin/sh", "-c", "$CNITOOL add net /run/netns/c1 >/dev/full"])
    #expect(outcome.status == 1 && outcome.errorText.hasPrefix("stdout: "))
    #expect(try node.leftovers(besides: "c1") == "")
    let json = try node.run(["/bin/sh", "-c", "$CNITOOL add nosuch /run/netns/c1 --json >/dev/full"])
    #expect(json.status == 1 && json.errorText.contains("nosuch"))
  }

  @Test("while gc runs again and again, no attachment that is made or lives is touched")
  func garbageBesides() throws {
    let script = """
      (while [ ! -e /run/stop ]; do $CNITOOL gc || echo gc failed; done) & gc=$!
      for n in $(seq 20); do ip netns add c$n; $CNITOOL add net /run/netns/c$n >/dev/null || echo add failed; done
      pids=
      for n in $(seq 12); do $CNITOOL run net -- true & pids="$pids $!"; done
      for pid in $pids; do wait $pid || echo run failed; done
      touch /run/stop; wait $gc
      for n in $(seq 20); do $CNITOOL check net /run/netns/c$n; done
      $CNITOOL attachments net | grep -c alive
      find /var/lib/cni/networks/net -name '10.60.*' | wc -l
      for n in $(seq 20); do $CNITOOL del net /run/netns/c$n; ip netns delete c$n; done
      rm /run/stop
      """
    #expect(try node.shell(script) == "20\n20\n")
    #expect(try node.leftovers() == "")
  }

  @Test("gc keeps what is alive and deletes what is gone; with --all it deletes everything of the network")
  func garbage() throws {
    try node.addNetwork("old", version: "0.4.0", ToolNode.bridge(1))
    try node.shell(
      """
      for c in a b c; do ip netns add $c; $CNITOOL add net /run/netns/$c >/dev/null; done
      $CNITOOL add old /run/netns/b -i eth1 >/dev/null
      ip netns delete b
      """)
    func states() throws -> [String] {
      try attachments().map {
        "\(try $0["network"].string() ?? "") \(try $0["namespace"].string() ?? "") \(try $0["state"].string() ?? "")"
      }
      .sorted()
    }
    #expect(
      try states() == [
        "net /run/netns/a alive", "net /run/netns/b gone", "net /run/netns/c alive", "old /run/netns/b gone",
      ])
    // Upstream's demands the namespace, and does not use it.
    let one = try node.tool("gc", "net", "/run/netns/a")
    #expect(one.status == 0 && one.output.isEmpty && one.errors.isEmpty, "\(one.errorText)")
    #expect(try states() == ["net /run/netns/a alive", "net /run/netns/c alive", "old /run/netns/b gone"])
    // The file of the other network is gone too.
    try node.shell("rm $NETCONFPATH/old.conflist; $CNITOOL gc")
    #expect(try states() == ["net /run/netns/a alive", "net /run/netns/c alive"])
    #expect(try node.tool("check", "net", "/run/netns/c").status == 0)
    #expect(try node.tool("gc", "--all").status == 1)
    #expect(try node.tool("gc", "net", "--all").status == 0)
    #expect(try states() == [])
    try node.shell("ip netns delete a; ip netns delete c")
    #expect(try node.leftovers() == "")
  }

  @Test("64 containers at once on one network get different addresses, and nothing is left of them")
  func crowd() throws {
    let script = """
      for n in $(seq 64); do ip netns add c$n; done
      for n in $(seq 64); do $CNITOOL add net /run/netns/c$n >/run/$n.result & done; wait
      for n in $(seq 64); do grep -h '"address"' /run/$n.result; done | sort -u | wc -l
      for n in $(seq 64); do $CNITOOL check net /run/netns/c$n & done; wait
      $CNITOOL attachments net | grep -c alive
      for n in $(seq 64); do $CNITOOL del net /run/netns/c$n & done; wait
      for n in $(seq 64); do ip netns delete c$n; rm /run/$n.result; done
      """
    #expect(try node.shell(script) == "64\n64\n")
    #expect(try node.leftovers() == "")
  }

  @Test("exec-plugins attaches each network of the folder in order, and undoes all if one fails")
  func execPlugins() throws {
    try node.addNetwork("other", file: "00-first.conf", ToolNode.bridge(1))
    try node.shell("ip netns add c1; $CNITOOL exec-plugins add box /run/netns/c1")
    let addresses = try node.shell("ip netns exec c1 ip -o -4 address show")
    #expect(addresses.contains("eth0    inet 10.61.0.2/16") && addresses.contains("eth1    inet 10.60.0.2/16"))
    #expect(try attachments().map { try $0["containerID"].string() } == ["box", "box"])
    let again = try node.tool("exec-plugins", "add", "box", "/run/netns/c1")
    #expect(again.status == 1 && again.errorText.hasPrefix("other : error executing ADD: "))
    // The interfaces are those of then, and a broken file keeps nothing back.
    try node.shell("echo '{' >$NETCONFPATH/30-broken.conf; mv $NETCONFPATH/00-first.conf /run")
    let deleted = try node.tool("exec-plugins", "del", "box", "/run/netns/c1")
    #expect(deleted.status == 1 && deleted.errorText.contains("30-broken.conf"))
    #expect(try attachments().isEmpty)
    #expect(try node.leftovers(besides: "c1") == "")
    try node.shell("rm $NETCONFPATH/30-broken.conf; mv /run/00-first.conf $NETCONFPATH")
    try node.addNetwork("zz", #"{"type": "tuning", "sysctl": {"net.nosuch": "1"}}"#)
    let broken = try node.tool("exec-plugins", "add", "box", "/run/netns/c1")
    #expect(broken.status == 1 && broken.errorText.hasPrefix("zz : error executing ADD: "))
    try node.shell("ip netns delete c1")
    #expect(try node.leftovers() == "")
  }
}
