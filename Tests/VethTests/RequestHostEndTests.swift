// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel
import TestSupport
import Testing

@testable import Veth

@Suite("the host's end of a container's interface", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct RequestHostEndTests {
  @Test("an interface that is no veth is an error of code 7")
  func loopback() throws {
    let (host, container) = (try Namespace(), try Namespace())
    let config = try NetworkConfig(NetworkConfig.document(parsing: Array(#"{"cniVersion":"1.0.0","name":"n"}"#.utf8)))
    let owner = Owner(network: "n", containerID: "c", interface: "lo")
    let request = Request(config: config, owner: owner, namespace: container.path, arguments: .empty)
    let error = try host.run {
      let routes = try NetlinkSocket.open(.route)
      do throws(CNIError) {
        _ = try request.hostEnd(routes, of: "can be on a bridge")
        return nil as CNIError?
      } catch {
        return error
      }
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message == "CNI_IFNAME: lo is no veth: only a veth can be on a bridge")
  }
}
