// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

extension NetworkRuntime {
  /// Throws if the names cannot be passed to plugins, or be part of a file's name in the cache.
  func validate(_ network: NetworkList, _ attachment: Attachment, for verb: Verb) throws(RuntimeError) {
    if let reason = Self.fault(network, attachment) ?? (verb == .add ? Self.fault(attachment.arguments) : nil) {
      throw RuntimeError(.invalidAttachment(reason), verb: verb)
    }
  }

  private static func fault(_ network: NetworkList, _ attachment: Attachment) -> String? {
    let (id, interface) = (attachment.containerID, attachment.interface)
    // It would end the variable.
    if attachment.namespace?.utf8.contains(0) == true { return "the path of the network namespace has a NUL" }
    if id.isEmpty || interface.isEmpty {
      let names = [network.name, id, interface].map(\.inGoQuotes)
      return
        "cache file path requires network name (\(names[0])), container ID (\(names[1])), and interface name (\(names[2]))"
    }
    if !isIdentifier(id) { return "invalid characters in containerID; \(id.inGoQuotes): \(identifierRule)" }
    if isInterfaceName(interface) { return nil }
    if interface.utf8.count > 15 { return "interface name is too long; \(interface.inGoQuotes): at most 15 bytes" }
    if interface == "." || interface == ".." { return "interface name is . or .." }
    return "interface name contains / or : or % or whitespace characters; \(interface.inGoQuotes)"
  }

  private static func fault(_ arguments: [Attachment.Argument]) -> String? {
    for pair in arguments
    where pair.name.isEmpty || pair.name.contains("=")
      || "\(pair.name)\(pair.value)".contains(where: { ";\0".contains($0) })
    {
      let text = "\(pair.name)=\(pair.value)".inGoQuotes
      return "invalid CNI_ARGS pair \(text); a name without = and ;, and a value without ; and NUL"
    }
    return nil
  }
}
