// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON

/// An address that the caller of an IPAM plugin asks for.
package struct RequestedAddress: Equatable, Sendable {
  package let address: IPAddress
  /// The prefix with its length; nil if the address was given alone.
  package let prefix: Prefix?
  /// Where it was asked for, such as `runtimeConfig.ips[0]` or `CNI_ARGS: IP`.
  package let path: String
  /// The code of an error about it: 4 if it comes from `CNI_ARGS`, else 7.
  package let code: CNIError.Code

  /// What an address may look like: with a prefix length, or also without.
  package enum Form: Sendable {
    case prefix, addressOrPrefix

    fileprivate var expectation: String {
      switch self {
      case .prefix: "an address with its prefix length, such as 10.1.2.3/24"
      case .addressOrPrefix: "an IPv4 or IPv6 address"
      }
    }
  }

  init(_ field: Field, _ form: Form, as code: CNIError.Code = .invalidConfiguration) throws(CNIError) {
    let text = try reporting(as: code) { () throws(FieldError) in try field.string() }
    let prefix = text.flatMap { Prefix($0) }
    guard let address = prefix?.address ?? (form == .prefix ? nil : text.flatMap { IPAddress($0) }) else {
      throw CNIError(field.expected(form.expectation), as: code)
    }
    (self.address, self.prefix, path, self.code) = (address, prefix, field.path, code)
  }

  /// An error that begins with where the address was asked for.
  package func error(_ reason: String, as other: CNIError.Code? = nil) -> CNIError {
    CNIError(other ?? code, "\(path): \(reason)")
  }
}

/// The addresses and gateways that the caller of an IPAM plugin asks for, by where they stand.
package struct AddressRequests: Sendable {
  /// `IP` of `CNI_ARGS`.
  package let ofEnvironment: [RequestedAddress]
  /// `args.cni.ips`
  package let ofArguments: [RequestedAddress]
  /// `runtimeConfig.ips`
  package let ofRuntime: [RequestedAddress]
  /// `GATEWAY` of `CNI_ARGS`.
  package let gateways: [IPAddress]

  /// Reads what a configuration and `CNI_ARGS` ask for; `isList` says whether `IP` may be a list with commas.
  package init(
    _ config: NetworkConfig, _ environment: CNIArguments, _ form: RequestedAddress.Form, isList: Bool
  ) throws(CNIError) {
    var addresses: [RequestedAddress] = []
    for item in Self.items(environment["IP"], isList: isList) {
      let field = Field(path: "CNI_ARGS: IP", .string(item))
      addresses.append(try RequestedAddress(field, form, as: .badEnvironment))
    }
    var gateways: [IPAddress] = []
    for item in Self.items(environment["GATEWAY"], isList: true) {
      let field = Field(path: "CNI_ARGS: GATEWAY", .string(item))
      guard let address = IPAddress(item) else {
        throw CNIError(field.expected("an IPv4 or IPv6 address"), as: .badEnvironment)
      }
      gateways.append(address)
    }
    ofEnvironment = addresses
    self.gateways = gateways
    ofArguments = try Self.list(config.document["args"]["cni"]["ips"], form)
    ofRuntime = try Self.list(config.runtimeConfig["ips"], form)
  }

  private static func items(_ text: String?, isList: Bool) -> [String] {
    guard let text, !text.isEmpty else { return [] }
    if !isList { return [text] }
    return text.split(separator: ",", omittingEmptySubsequences: false).map { item in
      // Spaces after a comma are allowed, as with upstream.
      String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func list(_ field: Field, _ form: RequestedAddress.Form) throws(CNIError) -> [RequestedAddress] {
    var list: [RequestedAddress] = []
    let items = try reporting { () throws(FieldError) in try field.array() }
    for item in items ?? [] { list.append(try RequestedAddress(item, form)) }
    return list
  }
}
