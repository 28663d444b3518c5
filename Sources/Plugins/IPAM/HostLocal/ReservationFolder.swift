// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// The reservations of a network: for each address that is taken, a file of its name, in one folder. Files and lock are upstream's.
struct ReservationFolder: ~Copyable {
  let folder: Folder
  let network: String
  let host: Host

  /// Nil if there is none, and so no reservation.
  static func open(_ path: String, _ network: String, _ host: Host) throws(CNIError) -> ReservationFolder? {
    let folder: Folder? = try reporting(purpose) { () throws(SystemError) in
      do throws(SystemError) {
        return try Folder.open(path)
      } catch {
        return try linked(path, error)
      }
    }
    guard let folder else { return nil }
    return ReservationFolder(folder: folder, network: network, host: host)
  }

  /// The same; makes the folder if it is missing.
  static func make(_ path: String, _ network: String, _ host: Host) throws(CNIError) -> ReservationFolder {
    let folder = try reporting(purpose) { () throws(SystemError) -> Folder in
      do throws(SystemError) {
        return try Folder.make(path, mode: 0o755)
      } catch {
        guard let folder = try linked(path, error) else { throw error }
        return folder
      }
    }
    return ReservationFolder(folder: folder, network: network, host: host)
  }

  /// Begins the messages of errors.
  static let purpose = "ipam.dataDir"

  /// A folder that stands there as a symbolic link, which upstream follows; nil if something else is in its place.
  private static func linked(_ path: String, _ error: SystemError) throws(SystemError) -> Folder? {
    guard error.isOfAnotherKind else { throw error }
    guard let resolved = resolvedPath(path), resolved != path else { return nil }
    return try Folder.open(resolved)
  }

  /// Runs `body` with upstream's lock held, once in a call: what it has read stays true until its end.
  func locked<T>(_ body: () throws(CNIError) -> T) throws(CNIError) -> T {
    let result = try reporting(Self.purpose) { () throws(SystemError) -> Result<T, CNIError> in
      try folder.locked(by: "lock") { () throws(SystemError) in
        do throws(CNIError) {
          return .success(try body())
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get()
  }

  func listing() throws(CNIError) -> Listing {
    try reporting(Self.purpose) { () throws(SystemError) in try Listing(folder) }
  }

  /// Whose a reservation is.
  enum Holder {
    case owner(Owner)
    /// The file is empty, and so the address is free.
    case nobody
    /// No plugin writes such a thing.
    case foreign
  }

  func holder(of name: String) throws(CNIError) -> Holder {
    do throws(SystemError) {
      return try folder.read(name).flatMap { Owner($0) }.map { .owner($0) } ?? .nobody
    } catch {
      if error.isOfAnotherKind { return .foreign }
      throw CNIError(error, Self.purpose)
    }
  }

  /// Removes an address, and then its other name: an address without stamp is found by every call.
  func remove(_ address: String, _ stamp: String?) throws(CNIError) {
    try reporting(Self.purpose) { () throws(SystemError) in
      try folder.unlink(address)
      if let stamp { try folder.unlink(stamp) }
    }
  }
}
