// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// Reads a file like /etc/resolv.conf (resolv.conf(5)).
enum ResolvConf {
  /// The DNS settings of a file; throws code 5 if it cannot be read.
  static func read(_ path: String) throws(CNIError) -> NetworkResult.DNS {
    let text = try reporting("ipam.resolvConf") { () throws(SystemError) in
      try FileDescriptor.open(path, .nonblocking).readAll(limit: 1 << 20)
    }
    return parse(String(decoding: text, as: UTF8.self))
  }

  /// The last `domain` counts; searches and options of several lines are joined.
  static func parse(_ text: String) -> NetworkResult.DNS {
    var dns = NetworkResult.DNS()
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count > 1 else { continue }
      switch words[0] {
      case "nameserver": dns.nameservers.append(words[1])
      case "domain": dns.domain = words[1]
      case "search": dns.search += words.dropFirst()
      case "options": dns.options += words.dropFirst()
      // Comments, which begin with # or ;, and what glibc does not pass on either.
      default: break
      }
    }
    return dns
  }
}
