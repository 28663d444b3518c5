// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite("flannel: the state for DEL", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FlannelStateTests {
  @Test("two networks of flannel on one pod with one data folder: each DEL removes its own, and both leave nothing")
  func twoNetworks() throws {
    let node = try FlannelNode()
    let network = FlannelNetwork(on: node)
    var other = network
    other.name = "other"
    other.subnetFile += ".other"
    other.delegate = #"{"bridge":"cni1"}"#
    let text = "FLANNEL_NETWORK=10.245.0.0/16\nFLANNEL_SUBNET=10.245.0.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
    try node.write(text, to: other.subnetFile)
    let pod = try Pod()
    var second = pod
    second.ifName = "net1"
    let results = (try network.add(pod), try other.add(second))
    #expect(try addresses(results.1) == ["10.245.0.2"])
    #expect(try node.addresses().count == 2)
    try other.delete(second, previous: results.1)
    #expect(try node.addresses() == ["\(node.ipamDir)/cbr0/10.244.0.2"])
    #expect(try node.interfaces().count == 1)
    try network.delete(pod, previous: results.0)
    #expect(try node.traces() == [])
  }

  @Test("one network twice on one pod: each DEL removes its own interface")
  func twoInterfaces() throws {
    let node = try FlannelNode()
    let network = FlannelNetwork(on: node)
    let pod = try Pod()
    var second = pod
    second.ifName = "net1"
    for pod in [pod, second] { _ = try network.add(pod) }
    try network.delete(second)
    #expect(try node.addresses().count == 1)
    #expect(try pod.namespace.command("ip", "-brief", "link", "show", "type", "veth").hasPrefix("eth0@"))
    try network.delete(pod)
    #expect(try node.traces() == [])
  }

  enum Loss: CaseIterable { case removed, empty, garbage }

  @Test(
    "without the configuration that ADD saved, or with a broken one, DEL removes the address and the interface",
    arguments: Loss.allCases, [false, true])
  func lostConfiguration(loss: Loss, hasResult: Bool) throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    let result = try network.add(pod)
    try lose(network.node, loss)
    try network.delete(pod, previous: hasResult ? result : nil)
    #expect(try network.node.addresses() + network.node.interfaces() == [])
    #expect(try network.node.savedFiles() == [])
  }

  @Test("without subnet.env DEL uses the configuration that ADD saved")
  func lostSubnet() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    _ = try network.add(pod)
    try network.node.remove(network.subnetFile)
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }

  @Test(
    "without subnet.env and what ADD saved, DEL still removes the address and the interface",
    arguments: Loss.allCases, [false, true])
  func lostBoth(loss: Loss, hasResult: Bool) throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    let result = try network.add(pod)
    try lose(network.node, loss)
    try network.node.remove(network.subnetFile)
    try network.delete(pod, previous: hasResult ? result : nil)
    #expect(try network.node.addresses() + network.node.interfaces() == [])
    #expect(try network.node.savedFiles() == [])
  }

  @Test("the files of ADD are readable only for their owner, and DEL without a namespace removes them and the address")
  func withoutNamespace() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    _ = try network.add(pod)
    let files = try network.node.savedFiles()
    #expect(files.count == 2)
    #expect(try Program("stat").run(["-c", "%a", network.node.dataDir] + files).outputText == "700\n600\n600\n")
    try network.succeed("DEL", try network.call("DEL", pod, environment: ["CNI_NETNS": ""]))
    #expect(try network.node.savedFiles() + network.node.addresses() == [])
  }

  @Test("DEL can be repeated, and needs no ADD before it")
  func repeated() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    try network.delete(pod)
    let result = try network.add(pod)
    for previous in [result, result, nil] { try network.delete(pod, previous: previous) }
    #expect(try network.node.traces() == [])
  }

  @Test("a further ADD of a pod that is there fails, and takes nothing away")
  func furtherADD() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    let result = try network.add(pod)
    let traces = try network.node.traces()
    #expect(throws: CommandFailure.self) { try network.add(pod) }
    #expect(try network.node.traces() == traces)
    try network.delete(pod, previous: result)
    #expect(try network.node.traces() == [])
  }

  @Test("a pod that upstream added is deleted by upstream's file, which is removed too")
  func upstreamsPod() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    let result = try network.addAsUpstream(pod)
    #expect(try network.node.traces().count == 3)
    // Only the file has the subnet.
    try network.node.remove(network.subnetFile)
    try network.delete(pod, previous: result)
    #expect(try network.node.traces() == [])
  }

  @Test("a file that upstream left for another network of the same pod is not touched")
  func upstreamsOtherNetwork() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    var other = network
    other.name = "other"
    let pod = try Pod()
    var second = pod
    second.ifName = "net1"
    _ = try network.addAsUpstream(pod)
    try other.delete(second)
    #expect(try network.node.traces().count == 3)
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }

  @Test("ADD saves its configuration where upstream looks for it, with all that upstream's DEL needs")
  func backToUpstream() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pod = try Pod()
    _ = try network.add(pod)
    try network.deleteAsUpstream(pod)
    #expect(try network.node.addresses() + network.node.interfaces() == [])
    // Files that upstream does not know are removed when our flannel is called again.
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }

  @Test(
    "on a file system without hard links upstream's file is a copy, and both files are removed",
    arguments: ["EPERM", "EOPNOTSUPP"])
  func noHardLinks(error: String) throws {
    var network = FlannelNetwork(on: try FlannelNode())
    network.wrapper = ["strace", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:error=\(error)"]
    let pod = try Pod()
    _ = try network.add(pod)
    #expect(try network.node.savedFiles().count == 2)
    network.wrapper = []
    try network.delete(pod)
    #expect(try network.node.traces() == [])
    network.wrapper = ["strace", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:error=\(error)"]
    _ = try network.add(pod)
    try network.deleteAsUpstream(pod)
    #expect(try network.node.addresses() + network.node.interfaces() == [])
    network.wrapper = []
    try network.delete(pod)
    #expect(try network.node.traces() == [])
  }

  @Test("a saved file that cannot be read is an error of DEL and GC, stays, and serves the next DEL")
  func unreadable() throws {
    var network = FlannelNetwork(on: try FlannelNode())
    network.version = "1.1.0"
    try network.node.addPlugin(version: "1.1.0", reads: true, "")
    network.delegate = #"{"type":"script"}"#
    let pod = try Pod()
    _ = try network.add(pod)
    // Reading the first file fails.
    network.wrapper = [
      "strace", "-o", "/dev/null", "-P", "\(network.node.dataDir)/cbr0:\(pod.id):eth0", "-e", "inject=read:error=EIO",
    ]
    let deletion = try #require(errorObject(try network.call("DEL", pod)))
    #expect(deletion.code == 5 && deletion.message.contains("Input/output error"))
    let collection = try #require(
      errorObject(try network.call("GC", members: #""cni.dev/valid-attachments":[],"#)))
    #expect(collection.code == 5 && collection.message.contains("Input/output error"))
    #expect(try network.node.savedAttachments().count == 1)
    network.wrapper = []
    try network.delete(pod)
    #expect(try network.node.savedFiles() == [])
  }

  @Test("a folder that another program has locked is code 11 after 10 s, also tuning's")
  func locked() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let scene = try TuningScene()
    _ = try Folder.make(network.node.dataDir)
    _ = try Folder.make(scene.folder)
    let files = try [network.node.dataDir, scene.folder].map { path in
      let number = try systemCall("open") { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
      try systemCall("flock") { flock(number, LOCK_EX) }
      return number
    }
    defer { for number in files { close(number) } }
    let pod = try Pod()
    let waiting = try network.start("ADD", pod)
    let tuned = try scene.call("ADD", #""mtu":1300,"#)
    for (outcome, path) in [(tuned, scene.folder), (try waiting.wait(), network.node.dataDir)] {
      let error = try #require(errorObject(outcome))
      #expect(error.code == 11 && error.message.contains("lock \(path), which another program has held for 10000 ms"))
    }
    #expect(try network.node.traces() == [] && scene.files() == [])
    #expect(try !scene.link().contains("mtu 1300"))
  }

  @Test("16 pods added and deleted at the same time: nothing is lost, nothing is left")
  func crowd() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    let pods = try (0..<16).map { _ in try Pod() }
    let adding = try pods.map { try network.start("ADD", $0) }
    let results = try adding.map { try network.succeed("ADD", try $0.wait()) }
    #expect(Set(try results.map(addresses)).count == 16)
    #expect(try network.node.savedAttachments().count == 16)
    let deleting = try zip(pods, results).map { try network.start("DEL", $0, previous: $1) }
    for program in deleting { try network.succeed("DEL", try program.wait()) }
    #expect(try network.node.traces() == [])
  }

  @Test("plugins that are killed at random instants leave nothing that a DEL does not remove")
  func killed() throws {
    let network = FlannelNetwork(on: try FlannelNode())
    var deaths = 0
    for round in 0..<30 {
      let pod = try Pod()
      for verb in round % 3 == 0 ? ["ADD", "DEL"] : ["ADD"] {
        let program = try network.start(verb, pod)
        usleep(.random(in: 0...15_000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
        try awaitDelegates(of: pod)
      }
      try network.delete(pod)
      #expect(try network.node.traces() == [])
    }
    // If every kill came too late, the test would prove nothing.
    #expect(deaths > 5)
  }

  /// Waits for processes that a killed plugin has left, which would undo the next steps.
  private func awaitDelegates(of pod: Pod) throws {
    let deadline = monotonicNanoseconds() + 10_000_000_000
    while try isServed(pod) {
      try #require(monotonicNanoseconds() < deadline)
      usleep(5000)
    }
  }

  private func isServed(_ pod: Pod) throws -> Bool {
    let processes = try Program("grep").run(["-lFsz", "CNI_CONTAINERID=\(pod.id)"] + environments())
    return !processes.output.isEmpty
  }

  /// The files with the environments of the present processes.
  private func environments() throws -> [String] {
    let folder = try Folder.open("/proc")
    let names = try folder?.names() ?? []
    return names.filter { Int($0) != nil }.map { "/proc/\($0)/environ" }
  }

  private func lose(_ node: FlannelNode, _ loss: Loss) throws {
    let files = try node.savedFiles()
    #expect(!files.isEmpty)
    for file in files {
      switch loss {
      case .removed: try node.remove(file)
      case .empty: try node.write("", to: file, mode: "600")
      case .garbage: try node.write(#"{"type":"bridge","name":"#, to: file, mode: "600")
      }
    }
  }
}
