// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

/// What the plugins of a chain have made so far (CNI specification, "Success"), of any version; fields that nobody here
/// knows are kept.
package struct NetworkResult: Equatable, Sendable {
  /// The result in the shape of 1.1.0, without `cniVersion`.
  package var object: JSONObject
  /// The version it was read in: what that version does not know, but the result holds, is nobody's to remove.
  package let source: SpecVersion
  /// Where it stood, for error messages.
  let path: String

  /// Reads a result in the version that it names, else in `implied`.
  package init(decoding field: Field, implied: SpecVersion) throws(FieldError) {
    guard let object = try field.object() else { throw field.expected("a result") }
    let named = try field["cniVersion"].string()
    guard let version = named.map({ SpecVersion(rawValue: $0) }) ?? implied else {
      throw field["cniVersion"].expected("one of \(SpecVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    source = version
    path = field.path
    self.object = try Self.upgraded(object, from: version, at: field.path)
    _ = try addresses()
    _ = try interfaces()
  }

  /// This result as a version of the specification has it.
  package func encoded(_ version: SpecVersion) throws(FieldError) -> JSON {
    var result = JSONObject(["cniVersion": .string(version.rawValue)])
    for member in try downgraded(to: version).members { result.append(member.name, member.value) }
    return .object(result)
  }
}

// MARK: - What plugins read

extension NetworkResult {
  /// An interface that a plugin made.
  package struct Interface: Equatable, Sendable {
    package let name: String
    /// The path of the network namespace; nil on the host.
    package let sandbox: String?
  }

  /// An address that a plugin assigned.
  package struct AssignedAddress: Equatable, Sendable {
    /// The address with its subnet's length.
    package let prefix: Prefix
    /// The index in `interfaces`; nil if it was not said.
    package let interface: Int?
  }

  package func interfaces() throws(FieldError) -> [Interface] {
    var list: [Interface] = []
    for item in try items("interfaces") {
      guard try item.object() != nil else { throw item.expected("an object") }
      list.append(Interface(name: try item["name"].string() ?? "", sandbox: try item["sandbox"].string()))
    }
    return list
  }

  package func addresses() throws(FieldError) -> [AssignedAddress] {
    var list: [AssignedAddress] = []
    for item in try items("ips") {
      guard let text = try item["address"].string(), let prefix = Prefix(text) else {
        throw item["address"].expected("an address with its prefix length, such as 10.1.2.3/24")
      }
      // A negative index is what some writers send for none.
      let index = try item["interface"].integer(in: -1...Int(Int32.max))
      list.append(AssignedAddress(prefix: prefix, interface: index.flatMap { $0 < 0 ? nil : $0 }))
    }
    return list
  }

  /// The first address of the family on the container's interface, or on none in particular.
  package func address(_ family: AddressFamily, ofContainerInterface name: String) throws(FieldError) -> Prefix? {
    let interfaces = try interfaces()
    return try addresses().first { entry in
      guard entry.prefix.family == family else { return false }
      guard let index = entry.interface, interfaces.indices.contains(index) else { return true }
      return interfaces[index].name == name && interfaces[index].sandbox != nil
    }?.prefix
  }

  /// The same with this hardware address in every entry of the container's interface; nil leaves it as it is.
  package func settingMAC(_ address: String?, of interface: String) throws(FieldError) -> NetworkResult {
    guard let address else { return self }
    var copy = self
    try copy.object.editItems("interfaces", at: path) { (item) throws(FieldError) in
      let field = Field(.object(item))
      guard try field["name"].string() == interface, try field["sandbox"].string() != nil else { return }
      _ = item.take("mac")
      item["mac"] = .string(address)
    }
    return copy
  }

  /// The same with an interface on the host, at the end if it is not there yet.
  package func adding(hostInterface name: String, mac: String) throws(FieldError) -> NetworkResult {
    var copy = self
    var isThere = false
    try copy.object.editItems("interfaces", at: path) { (item) throws(FieldError) in
      let field = Field(.object(item))
      guard try field["name"].string() == name, try field["sandbox"].string() == nil else { return }
      _ = item.take("mac")
      item["mac"] = .string(mac)
      isThere = true
    }
    if isThere { return copy }
    let list = try items("interfaces").compactMap(\.value)
    _ = copy.object.take("interfaces")
    copy.object["interfaces"] = .array(list + [.object(JSONObject(["name": .string(name), "mac": .string(mac)]))])
    return copy
  }

  private func items(_ name: String) throws(FieldError) -> [Field] {
    try Field(path: path, .object(object))[name].array() ?? []
  }
}
