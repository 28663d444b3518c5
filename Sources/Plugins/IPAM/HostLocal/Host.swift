// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import NetNS
import OS

/// What the plugin knows of this host: its boot, and which attachments a runtime has.
struct Host {
  /// The file with the boot's ID.
  let bootIDFile: String
  /// libcni's folder of results, in which each attachment has a file.
  let resultsFolder: String

  /// The beginning of the boot's ID (random(4)), without hyphens; nil if there is none, and so nothing is known of other boots.
  func boot() -> String? {
    guard let text = try? FileDescriptor.open(bootIDFile).readAll(limit: 64) else { return nil }
    let digits = text.filter { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    if digits.count < Stamp.bootLength { return nil }
    return String(decoding: digits.prefix(Stamp.bootLength), as: UTF8.self)
  }

  /// Whether libcni's folder names a namespace of the attachment that is there now. The namespace of this process is none: the number
  /// of a former process may be that of another now.
  func hasNamespace(of owner: Owner, in network: String) -> Bool {
    guard let folder = (try? Folder.open(resultsFolder)) ?? nil else { return false }
    let prefix = "\(network)-\(owner.containerID)-"
    let names: [String]
    if let interface = owner.interface {
      names = [prefix + interface]
    } else {
      names = ((try? folder.names()) ?? []).filter { $0.hasPrefix(prefix) }
    }
    return names.contains { name in
      guard let text = (try? folder.read(name)) ?? nil, let json = try? JSON(parsing: text) else { return false }
      return ((try? Field(json)["netns"].string()) ?? nil).map(Self.isContainerNamespace) ?? false
    }
  }

  private static func isContainerNamespace(_ path: String) -> Bool {
    guard let namespace = try? NetworkNamespace.open(path), let own = try? NetworkNamespace.current() else {
      return false
    }
    return !namespace.isSame(as: own)
  }
}
