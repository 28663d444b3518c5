// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import TestSupport
import Testing

@Suite("flannel: the delegate", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FlannelDelegateTests {
  @Test("a missing delegate is named, with the folders in which it was searched")
  func missingDelegate() throws {
    var network = FlannelNetwork(on: try FlannelNode())
    network.delegate = #"{"type":"nosuch"}"#
    let error = try #require(errorObject(try network.call("ADD", try Pod())))
    #expect(error.message.contains("nosuch"))
    for folder in network.node.cniPath.split(separator: ":") { #expect(error.message.contains(folder)) }
    #expect(try network.node.traces() == [])
  }

  @Test(
    "an invalid configuration of the delegate is refused, and nothing is called",
    arguments: [
      (#"{"type":"script","name":"mine"}"#, "delegate.name"),
      (#"{"type":"script","ipam":{"type":"host-local"}}"#, "delegate.ipam"),
      (#"{"type":"../plugins/script"}"#, "delegate.type"),
      (#"{"type":["script"]}"#, "delegate.type"),
      (#""script""#, "delegate"),
    ])
  func refusal(delegate: String, field: String) throws {
    var network = FlannelNetwork(on: try FlannelNode())
    network.delegate = delegate
    try network.node.addPlugin()
    let error = try #require(errorObject(try network.call("ADD", try Pod())))
    #expect(error.code == 7)
    #expect(error.message.contains(field))
    #expect(try network.node.calls() == [])
    #expect(try network.node.traces() == [])
  }

  @Test("an error of the delegate is passed on unchanged; the delegate is called with DEL, and nothing is kept")
  func failingDelegate() throws {
    let network = try script(Self.failing("ADD"))
    let outcome = try network.call("ADD", try Pod())
    let error = try #require(errorObject(outcome))
    #expect(error.code == 123)
    #expect(error.message == "as it is")
    #expect(try Field(JSON(parsing: outcome.output))["details"].string() == "d")
    #expect(try network.node.calls() == ["ADD", "DEL"])
    #expect(try network.node.savedFiles() == [])
  }

  @Test(
    "if the delegate also fails at the DEL after a failed ADD, the ADD's error is reported, and the next DEL has all it needs"
  )
  func twiceFailingDelegate() throws {
    let network = try script("echo '{\"cniVersion\":\"1.0.0\",\"code\":123,\"msg\":\"'$CNI_COMMAND'\"}'; exit 1")
    let pod = try Pod()
    let error = try #require(errorObject(try network.call("ADD", pod)))
    #expect(error.code == 123)
    #expect(error.message == "ADD")
    #expect(try network.node.savedAttachments().count == 1)
    try network.node.addPlugin()
    try network.node.remove(network.subnetFile)
    try network.delete(pod)
    #expect(try network.node.input("DEL")["mtu"].integer(in: 0...65_535) == 1450)
    #expect(try network.node.savedFiles() == [])
  }

  @Test(
    "a delegate that ends without any output is named; it is called with DEL, and nothing is kept",
    arguments: ["exit 3", "echo nonsense; exit 1", "echo nonsense; exit 0", "exit 0", "kill -KILL $$"])
  func speechlessDelegate(ending: String) throws {
    let network = try script("if [ \"$CNI_COMMAND\" = ADD ]; then \(ending); fi")
    let error = try #require(errorObject(try network.call("ADD", try Pod())))
    #expect(error.message.contains("script"))
    #expect(try network.node.calls() == ["ADD", "DEL"])
    #expect(try network.node.savedFiles() == [])
  }

  @Test("a delegate that takes too long is killed with its children, called with DEL, and named with the limit")
  func slowDelegate() throws {
    let network = try script(
      """
      trap '' TERM
      if [ "$CNI_COMMAND" = ADD ]; then
        sleep 100 &
        echo $$ $! > pids
        wait
      fi
      """)
    let outcome = try network.call("ADD", try Pod(), members: #""delegateTimeout":1,"#)
    let processes = try network.node.lines("pids").flatMap { $0.split(separator: " ").compactMap { pid_t($0) } }
    #expect(processes.count == 2)
    defer { for process in processes where isAlive(process) { _ = kill(process, SIGKILL) } }
    #expect(outcome.nanoseconds < 5_000_000_000)
    let error = try #require(errorObject(outcome))
    #expect(error.message.contains("script"))
    #expect(error.message.contains("1 s"))
    usleep(100_000)
    #expect(!processes.contains(where: isAlive))
    #expect(try network.node.calls() == ["ADD", "DEL"])
    #expect(try network.node.savedFiles() == [])
  }

  @Test(
    "large data on stdin, stdout and stderr at once is passed on, also if the delegate reads nothing",
    arguments: [true, false])
  func muchToSay(reads: Bool) throws {
    let much = "head -c 200000 /dev/zero | tr '\\0' ' '"
    let network = try script(reads: reads, "\(much) >&2; echo said >&2; \(much)")
    let members = #""runtimeConfig":{"long":"\#(String(repeating: "x", count: 200_000))"},"#
    let outcome = try network.call("ADD", try Pod(), members: members)
    #expect(try addresses(try network.succeed("ADD", outcome)) == ["10.244.0.9"])
    #expect(outcome.errorText.contains("said"))
    if reads { #expect(try network.node.input("ADD")["runtimeConfig"]["long"].string()?.utf8.count == 200_000) }
  }

  @Test("a DEL at which the delegate fails passes its error on and keeps what the next DEL needs")
  func failingDelete() throws {
    let network = try script(Self.failing("DEL"))
    let pod = try Pod()
    _ = try network.add(pod)
    let error = try #require(errorObject(try network.call("DEL", pod)))
    #expect(error.code == 123)
    #expect(error.message == "as it is")
    #expect(try network.node.savedAttachments().count == 1)
    try network.node.addPlugin()
    // Without the file DEL calls the delegate with the saved configuration.
    try network.node.remove(network.subnetFile)
    try network.delete(pod)
    #expect(try network.node.input("DEL")["mtu"].integer(in: 0...65_535) == 1450)
    #expect(try network.node.calls() == ["ADD", "DEL", "DEL"])
    #expect(try network.node.savedFiles() == [])
  }

  @Test("runtimeConfig, variables and prevResult reach the delegate on ADD, CHECK and DEL")
  func passedOn() throws {
    let network = try script()
    let pod = try Pod()
    let runtime = #"{"mac":"02:00:00:00:00:01","portMappings":[{"hostPort":8080,"containerPort":80}]}"#
    let previous = #"{"cniVersion":"1.0.0","ips":[{"address":"198.51.100.7/24"}],"dns":{}}"#
    let variables = ["CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=web", "SWIFT_CNI_FOREIGN": "as it is"]
    for verb in ["ADD", "CHECK", "DEL"] {
      try network.succeed(
        verb,
        try network.call(
          verb, pod, members: #""runtimeConfig":\#(runtime),"#, previous: previous, environment: variables))
      let input = try network.node.input(verb)
      #expect(input["runtimeConfig"].value == (try JSON(parsing: Array(runtime.utf8))))
      #expect(try input["prevResult"]["ips"].array()?.first?["address"].string() == "198.51.100.7/24")
      let environment = try network.node.environment(verb)
      for variable in [
        "CNI_COMMAND=\(verb)", "CNI_CONTAINERID=\(pod.id)", "CNI_NETNS=\(pod.namespace.path)", "CNI_IFNAME=eth0",
        "CNI_PATH=\(network.node.cniPath)", "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web", "SWIFT_CNI_FOREIGN=as it is",
      ] { #expect(environment.contains(variable)) }
    }
    #expect(try network.node.calls() == ["ADD", "CHECK", "DEL"])
  }

  @Test("the delegate is bridge, a gateway, with the file's MTU and subnets, and masquerades if flanneld does not")
  func defaults() throws {
    var network = FlannelNetwork(on: try FlannelNode(dualStack: true))
    try network.node.writeSubnetFile(masquerades: false)
    try network.node.addPlugin(named: "bridge")
    network.delegate = nil
    network.ipam = #","routes":[{"dst":"192.0.2.0/24"}],"extra":"kept""#
    _ = try network.add(try Pod())
    let config = try network.node.input("ADD")
    #expect(try config["type"].string() == "bridge")
    #expect(try config["name"].string() == "cbr0")
    #expect(try config["cniVersion"].string() == "1.0.0")
    #expect(try config["isGateway"].bool() == true)
    #expect(try config["ipMasq"].bool() == true)
    #expect(try config["mtu"].integer(in: 0...65_535) == 1450)
    #expect(!config["prevResult"].isPresent && !config["runtimeConfig"].isPresent)
    let ipam = config["ipam"]
    #expect(try ipam["type"].string() == "host-local")
    #expect(try ipam["dataDir"].string() == network.node.ipamDir)
    #expect(try ipam["extra"].string() == "kept")
    let ranges = try #require(try ipam["ranges"].array()).map { try #require(try $0.array()) }
    #expect(ranges.map(\.count) == [1, 1])
    #expect(try ranges.map { try $0.first?["subnet"].string() } == ["10.244.0.0/24", "fd00:10:244::/64"])
    let routes = try #require(try ipam["routes"].array())
    #expect(try routes.map { try $0["dst"].string() } == ["192.0.2.0/24", "10.244.0.0/16", "fd00:10:244::/48"])
  }

  @Test("members of the delegate's configuration are kept; there is a route to each of several networks")
  func ownWords() throws {
    var network = FlannelNetwork(on: try FlannelNode())
    let text = """
      FLANNEL_NETWORK=10.244.0.0/16,10.245.0.0/16
      FLANNEL_SUBNET=10.244.0.1/24
      FLANNEL_MTU=1450
      FLANNEL_IPMASQ=true

      """
    try network.node.write(text, to: network.subnetFile)
    try network.node.addPlugin(named: "bridge")
    network.delegate = #"{"type":"bridge","mtu":1300,"ipMasq":true,"isGateway":false,"forceAddress":true}"#
    _ = try network.add(try Pod())
    let config = try network.node.input("ADD")
    #expect(try config["mtu"].integer(in: 0...65_535) == 1300)
    #expect(try config["ipMasq"].bool() == true)
    #expect(try config["isGateway"].bool() == false)
    #expect(try config["forceAddress"].bool() == true)
    let routes = try #require(try config["ipam"]["routes"].array())
    #expect(try routes.map { try $0["dst"].string() } == ["10.244.0.0/16", "10.245.0.0/16"])
  }

  @Test("GC is delegated, and the saved state of this network's attachments that the list lacks is removed")
  func garbage() throws {
    var network = try script(version: "1.1.0")
    network.version = "1.1.0"
    var other = network
    other.name = "other"
    let pods = [try Pod(), try Pod()]
    var second = pods[0]
    second.ifName = "net1"
    for pod in pods + [second] { _ = try network.add(pod) }
    _ = try other.add(pods[1])
    #expect(try network.node.savedAttachments().count == 4)

    let list = #"[{"containerID":"\#(pods[0].id)","ifname":"eth0"}]"#
    try network.succeed("GC", try network.call("GC", members: #""cni.dev/valid-attachments":\#(list),"#))
    #expect(try network.node.calls().contains("GC"))
    let input = try network.node.input("GC")
    #expect(input["cni.dev/valid-attachments"].value == (try JSON(parsing: Array(list.utf8))))
    #expect(try input["name"].string() == "cbr0")
    // The DELs that GC calls are like a runtime's: without the list.
    let deletion = try network.node.input("DEL")
    #expect(try deletion["name"].string() == "cbr0")
    #expect(!deletion["cni.dev/valid-attachments"].isPresent)
    #expect(try network.node.savedAttachments().count == 2)
    // The remaining pod can be deleted as before.
    try network.delete(pods[0])
    try other.delete(pods[1])
    #expect(try network.node.savedFiles() == [])
  }

  @Test(
    "GC without a list removes nothing, and with an empty one all of this network, however long its name is",
    arguments: ["cbr0", String(repeating: "n", count: 100)])
  func garbageLists(name: String) throws {
    var network = try script(version: "1.1.0")
    network.name = name
    network.version = "1.1.0"
    _ = try network.add(try Pod())
    _ = try network.call("GC")
    #expect(try network.node.savedAttachments().count == 1)
    try network.succeed("GC", try network.call("GC", members: #""cni.dev/valid-attachments":[],"#))
    #expect(try network.node.savedFiles() == [])
  }

  @Test("STATUS is that of the delegate")
  func status() throws {
    var network = try script(version: "1.1.0")
    network.version = "1.1.0"
    try network.succeed("STATUS", try network.call("STATUS"))
    #expect(try network.node.calls() == ["STATUS"])
    #expect(try network.node.input("STATUS")["name"].string() == "cbr0")
    try network.node.addPlugin(Self.failing("STATUS"))
    let error = try #require(errorObject(try network.call("STATUS")))
    #expect(error.code == 123)
    #expect(error.message == "as it is")
    network.delegate = #"{"type":"nosuch"}"#
    let missing = try #require(errorObject(try network.call("STATUS")))
    #expect(missing.code == 50 && missing.message.contains("nosuch"))
    network.delegate = #"{"type":"a/b"}"#
    let wrong = try #require(errorObject(try network.call("STATUS")))
    #expect(wrong.code == 7 && wrong.message.hasPrefix("delegate.type: expected the name of a plugin"))
  }

  /// A network whose delegate is a script.
  private func script(
    version: String = "1.0.0", reads: Bool = true, _ body: String = ""
  ) throws -> FlannelNetwork {
    var network = FlannelNetwork(on: try FlannelNode())
    network.delegate = #"{"type":"script"}"#
    try network.node.addPlugin(version: version, reads: reads, body)
    return network
  }

  /// The body of a script that fails when it is called with a verb.
  private static func failing(_ verb: String) -> String {
    """
    if [ "$CNI_COMMAND" = \(verb) ]; then
      echo '{"cniVersion":"1.0.0","code":123,"msg":"as it is","details":"d"}'
      exit 1
    fi
    """
  }

  /// Whether a process exists and has not ended.
  private func isAlive(_ process: pid_t) -> Bool {
    let status = try? Program("cat").run(["/proc/\(process)/stat"])
    guard let status, status.status == 0 else { return false }
    return !status.outputText.contains(") Z ")
  }
}
