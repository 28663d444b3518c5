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
  /// Whether its ADD did not come to an end, nor was undone (``ResultCache/interrupted()``): it may exist in part.
  public let isInterrupted: Bool
  /// The plugins of the network that stand in files beside its list (``NetworkList/textBeside``), as far as this library has made the
  /// attachment.
  private let pluginsBeside: [UInt8]

  /// What a file has that was written at this time, and the record beside it.
  init(_ file: CacheFile, name: String, _ time: FileTime, _ record: OwnRecord?, isInterrupted: Bool = false) {
    network = file.network
    configuration = file.configuration
    let result = file.result.flatMap { try? AttachmentResult($0, implied: "") }
    self.result = result
    var attachment = file.attachment
    if (attachment.namespace ?? "").isEmpty {
      attachment.namespace = result?.interfaces.last { $0.name == attachment.interface && $0.sandbox != nil }?.sandbox
    }
    self.attachment = attachment
    fileName = name
    written = time.seconds
    let boot = BootRecord(of: time)
    isOfFormerBoot = boot.isOfFormerBoot(record?.line)
    self.isInterrupted = isInterrupted
    // An ADD that was killed when it had written its file has left the record of its beginning.
    let isCurrent = boot.matches(record?.line) || record.flatMap { CacheFile($0.line) }?.attachment.id == attachment.id
    pluginsBeside = isCurrent ? record?.pluginsBeside ?? [] : []
  }

  /// How long ago the file was written; not below zero, whatever the clock did.
  public var age: Duration { .seconds(max(0, FileTime.now().seconds - written)) }

  /// The network as it was configured when the attachment was made, for deleting it after its file is gone.
  public func networkList() throws(ConfigurationError) -> NetworkList {
    try NetworkList(parsing: configuration, beside: pluginsBeside, path: "\(fileName) of the cache")
  }
}
