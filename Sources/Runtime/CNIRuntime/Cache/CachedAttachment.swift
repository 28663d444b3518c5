// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// An attachment as it stands in the cache, by whichever runtime it was made.
public struct CachedAttachment: Sendable {
  /// The network's name.
  public let network: String
  /// What ADD was called with. Versions of libcni before 1.2 do not write the namespace: then it is that of the result's interface.
  public let attachment: Attachment
  /// The network's configuration at that time; empty if the file has none.
  public let configuration: [UInt8]
  /// The result of ADD; nil if the file has none, or none that this library can read.
  public let result: AttachmentResult?
  /// The file's name.
  public let fileName: String
  /// When the file was written, in seconds since 1970.
  public let written: Int
  /// Whether it was made before this boot: nothing of it is left in the kernel.
  public let isOfFormerBoot: Bool

  init(_ file: CacheFile, name: String, _ time: FileTime, isOfFormerBoot: Bool) {
    network = file.network
    configuration = file.configuration
    let result = file.result.flatMap { try? AttachmentResult($0, implied: "") }
    self.result = result
    var attachment = file.attachment
    if attachment.namespace == nil {
      attachment.namespace = result?.interfaces.first { $0.name == attachment.interface && $0.sandbox != nil }?.sandbox
    }
    self.attachment = attachment
    fileName = name
    written = time.seconds
    self.isOfFormerBoot = isOfFormerBoot
  }

  /// How long ago the file was written; not below zero, whatever the clock did.
  public var age: Duration { .seconds(max(0, FileTime.now().seconds - written)) }

  /// The network as it was configured when the attachment was made, for deleting it after its file is gone.
  public func networkList() throws(ConfigurationError) -> NetworkList {
    try NetworkList(parsing: configuration, path: "\(fileName) of the cache")
  }
}
