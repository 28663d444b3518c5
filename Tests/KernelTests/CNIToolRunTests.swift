// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("cnitool run", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolRunTests {
  private let node: ToolNode

  init() throws {
    node = try ToolNode()
    try node.addNetwork(
      "net", version: "1.0.0", ToolNode.bridge(0, #""hairpinMode": true,"#), ToolNode.tuning, ToolNode.bandwidth,
      ToolNode.portmap, ToolNode.firewall)
    try node.addNetwork("two", ToolNode.bridge(1, #""capabilities": {"ips": true, "mac": true},"#))
  }

  /// Runs it, and expects that nothing is left.
  private func run(_ words: String...) throws -> Outcome {
    let outcome = try node.run([ToolNode.tool, "run"] + words)
    #expect(try node.leftovers() == "")
    return outcome
  }

  /// Waits until a script succeeds, which others may have to do something for.
  private func eventually(_ script: String) throws -> String {
    for _ in 0..<400 {
      let outcome = try node.run(["/bin/sh", "-ec", script])
      if outcome.status == 0 { return outcome.outputText }
      usleep(10_000)
    }
    return try node.shell(script)
  }

  @Test("the command sees the networks in order, lo up, and the node's files; its exit status is returned")
  func networks() throws {
    let script = """
      ip -o -4 address show; ls /sys/class/net; ls -d "$CNI_NETNS"; readlink /proc/self/ns/net
      ip netns exec ${CNI_NETNS##*/} readlink /proc/self/ns/net; exit 7
      """
    let outcome = try run("two", "net", "--", "/bin/sh", "-c", script)
    #expect(outcome.status == 7 && outcome.errorText == "")
    let text = outcome.outputText
    for part in [
      "lo    inet 127.0.0.1/8", "eth0    inet 10.61.0.2/16", "eth1    inet 10.60.0.2/16", "\neth0\neth1\nlo\n",
    ] {
      #expect(text.contains(part))
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count > 2 && lines[lines.count - 1] == lines[lines.count - 2])
  }

  @Test("without networks it is the first one, and without a command a shell; a path is a network's file")
  func defaults() throws {
    let shell = try node.run([ToolNode.tool, "run"], input: "ip -o -4 address show dev eth0\nexit 4\n")
    #expect(shell.status == 4 && shell.outputText.contains(" 10.60.0.2/16 "), "\(shell.errorText)")
    let file = try run("\(node.folder.path)/networks/two.conflist", "--", "ip", "-o", "-4", "address", "show")
    #expect(file.status == 0 && file.outputText.contains(" 10.61.0.2/16 "))
  }

  @Test("a script without an interpreter is the shell's, as for execvp, and arguments are passed on to the byte")
  func scripts() throws {
    try node.shell("printf 'echo $1 $#; exit 5' >/run/script; chmod +x /run/script")
    let outcome = try run("net", "--", "/run/script", "a b", "c")
    #expect(outcome.status == 5 && outcome.outputText == "a b 2\n")
    let bytes = try node.shell(#"$CNITOOL run net -- printf %s "$(printf '\377\376')" | od -An -tx1"#)
    #expect(bytes == " ff fe\n")
    let refused = try node.run(["/bin/sh", "-c", #"$CNITOOL add net "$(printf '/x\377')""#])
    #expect(refused.status == 1 && refused.errorText.contains("is not UTF-8"))
    try node.shell("rm /run/script")
  }

  @Test(
    "a command that cannot be started, or that a signal ends, has env's and the shell's exit status",
    arguments: [
      (["nosuch"], 127), (["/nosuch/program"], 127), (["/etc/passwd"], 126), (["/etc"], 126),
      (["/bin/sh", "-c", "kill -SEGV $$"], 139), (["/bin/sh", "-c", "kill -TERM $$"], 143), (["true"], 0),
      (["false"], 1),
    ] as [([String], Int32)])
  func statuses(command: [String], status: Int32) throws {
    let outcome = try node.run([ToolNode.tool, "run", "net", "--"] + command)
    #expect(outcome.status == status)
    #expect((outcome.errorText == "") == ![126, 127].contains(status))
    #expect(try node.leftovers() == "")
  }

  @Test(
    "what cnitool cannot do is status 125, and nothing is run",
    arguments: [
      ["nosuch"], ["two", "-p", "1:1"], ["net", "-p", "80"], ["net", "--sysctl", "net.nosuch=1"],
      ["net", "--ip", "10.99.0.1"], ["net", "-p", "[::1]:81:80"],
      ["net", "--container", "nosuch"], ["net", "--pid", "1"], ["--nosuch"], ["net", "--name", "a/b"],
    ])
  func failures(arguments: [String]) throws {
    let outcome = try node.run([ToolNode.tool, "run"] + arguments + ["--", "echo", "ran"])
    #expect(outcome.status == 125 && outcome.output.isEmpty && !outcome.errors.isEmpty)
    #expect(try node.leftovers() == "")
  }

  @Test("addresses, limits, parameters and name servers are as the options say")
  func options() throws {
    let script = """
      ip -o address show dev eth0; ip link show dev eth0; cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/conf/eth0/arp_filter
      cat /etc/resolv.conf; tc qdisc show dev eth0; test -e /run/cnitool/web.resolv.conf
      """
    let options = [
      "--mac", "02:00:00:00:05:05", "--sysctl", "net.core.somaxconn=77", "--sysctl",
      "net/ipv4/conf/IFNAME/arp_filter=1",
      "--dns", "10.60.0.1", "--dns-search", "example.net", "--name", "web",
    ]
    // In the first network CNI_ARGS, in the other one capability arguments say which address.
    for (network, address) in [("net", "10.60.5.5"), ("two", "10.61.5.5")] {
      let outcome = try node.run(
        [ToolNode.tool, "run", network, "--ip", address] + options + ["--", "/bin/sh", "-ec", script])
      #expect(outcome.status == 0, "\(outcome.errorText)")
      let text = outcome.outputText
      for part in [
        " \(address)/16 ", "02:00:00:00:05:05", "77\n1\n", "nameserver 10.60.0.1\nsearch example.net\n",
      ] { #expect(text.contains(part)) }
    }
    #expect(try node.leftovers() == "")
    let shaped = try node.start([ToolNode.tool, "run", "net", "--bandwidth", "8M/2M", "--", "sleep", "100"])
    let limits = try eventually("tc qdisc show | grep -c ' tbf ' | grep -x 2; tc qdisc show")
    #expect(limits.contains("rate 8Mbit") && limits.contains("rate 2Mbit"))
    shaped.kill(SIGTERM)
    #expect(try shaped.wait().status == 143)
    #expect(try node.leftovers() == "")
  }

  @Test("two containers talk to each other, and a published port answers")
  func conversation() throws {
    try node.folder.add("hello\n", named: "www/index.html", mode: "644")
    let server = try node.start([
      ToolNode.tool, "run", "net", "--name", "web", "--ip", "10.60.0.80", "-p", "8080:80", "--", "busybox", "httpd",
      "-f",
      "-p", "80", "-h", "\(node.folder.path)/www",
    ])
    let ask = "timeout -s KILL 2 busybox wget -q -O -"
    #expect(try eventually("$CNITOOL run net -- \(ask) http://10.60.0.80/") == "hello\n")
    #expect(try eventually("\(ask) http://127.0.0.1:8080/") == "hello\n")
    // What lives is no garbage, and its name is taken.
    #expect(try node.shell("$CNITOOL gc; $CNITOOL gc net; \(ask) http://10.60.0.80/") == "hello\n")
    let taken = try node.tool("run", "net", "--name", "web", "--", "true")
    #expect(taken.status == 125 && taken.errorText.contains("web"))
    #expect(try node.shell("ip netns list").hasPrefix("web"))
    server.kill(SIGTERM)
    #expect(try server.wait().status == 143)
    #expect(try node.leftovers() == "")
  }

  @Test("a namespace that somebody else has made is not touched")
  func foreignNamespace() throws {
    try node.shell("ip netns add web; ip netns exec web ip link add d0 type bridge")
    let outcome = try node.tool("run", "net", "--name", "web", "--", "true")
    #expect(outcome.status == 125)
    #expect(try node.shell("$CNITOOL gc; ip netns exec web ip -o link show").contains("d0"))
  }

  @Test(
    "signals are passed on to the command, whose exit status is returned",
    arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGQUIT])
  func signals(number: Int32) throws {
    let script = "trap 'exit 9' TERM HUP USR1 QUIT; echo >/run/ready; while :; do sleep 0.01; done"
    let program = try node.start([ToolNode.tool, "run", "net", "--", "/bin/sh", "-c", script])
    _ = try eventually("test -e /run/ready")
    program.kill(number)
    #expect(try program.wait().status == 9)
    #expect(try node.leftovers() == "")
  }

  @Test("the command ends with a cnitool that is killed, and the next run removes the rest")
  func killed() throws {
    let program = try node.start([
      ToolNode.tool, "run", "net", "--", "/bin/sh", "-c", "echo $$ >/run/pid; exec sleep 1000",
    ])
    let pid = try eventually("test -s /run/pid && cat /run/pid").split(separator: "\n").joined()
    program.kill()
    #expect(try program.wait().signal == SIGKILL)
    _ = try eventually("! kill -0 \(pid) 2>/dev/null")
    #expect(try node.shell("ls /run/netns").hasPrefix("cnitool-"))
    #expect(try node.tool("run", "net", "--", "true").status == 0)
    #expect(try node.leftovers() == "")
  }

  @Test("the namespace of a process is attached until the command, the process or cnitool ends")
  func joined() throws {
    let process = try node.start(["unshare", "--net", "sleep", "1000"])
    _ = try eventually("test $(readlink /proc/\(process.pid)/ns/net) != $(readlink /proc/self/ns/net)")
    func run(_ words: String...) throws -> RunningProgram {
      try node.start([ToolNode.tool, "run", "--pid", "\(process.pid)", "net", "two"] + words)
    }
    let show = "nsenter --net=/proc/\(process.pid)/ns/net ip -o -4 address show"
    let outcome = try run("--", "ip", "-o", "-4", "address", "show").wait()
    #expect(outcome.status == 0 && outcome.outputText.contains("eth0    inet 10.60.0.2/16"), "\(outcome.errorText)")
    #expect(try node.shell(show) == "")
    let waiting = try run()
    #expect(try eventually("\(show) | grep eth1; \(show)").contains("eth0    inet 10.60.0.3/16"))
    // A second one takes names that are free.
    #expect(try run("--", "ip", "-o", "-4", "address", "show").wait().outputText.contains("eth3    inet 10.61."))
    waiting.kill(SIGTERM)
    #expect(try waiting.wait().status == 143)
    #expect(try node.shell(show) == "")
    let last = try run()
    _ = try eventually("\(show) | grep eth1")
    process.kill()
    _ = try process.wait()
    #expect(try last.wait().status == 0)
    #expect(try node.leftovers() == "")
  }
}
