// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest
import Glibc
import NetNS
import Netlink
import Skel

extension ContainerLink {
  /// Makes an interface in the namespace of `routes`, which is the container's. Throws code 103 if the container has one of this name, and
  /// code 50 if the kernel lacks the kind.
  package static func make(_ link: NewLink, _ routes: borrowing RouteSocket) throws(CNIError) -> Link {
    do throws(NetlinkError) {
      if let made = try routes.addAndRead(link) { return made }
    } catch {
      throw error.refusal(of: link.kind)
    }
    throw isTaken(link.name)
  }

  /// Makes an interface upon another, `link.parent` in the namespace of `parents`, in the container, whose socket `inside` is. Throws as
  /// ``make(_:_:)`` does.
  package static func make(
    _ link: NewLink, upon parents: borrowing RouteSocket, _ inside: borrowing RouteSocket, for attachment: Attachment
  ) throws(CNIError) -> Link {
    do throws(NetlinkError) {
      if try parents.add(link) { return try inside.link(named: link.name) }
      if try inside.linkIfAny(named: link.name) != nil { throw NetlinkError("", number: EEXIST) }
      // Kernels before 6.15 refuse a name that the namespace of the parent has.
      return try makeRenamed(link, upon: parents, inside, for: attachment)
    } catch {
      throw error.number == EEXIST ? isTaken(link.name) : error.refusal(of: link.kind)
    }
  }

  /// Makes the interface under a name that nobody has, and renames it in the container.
  static func makeRenamed(
    _ link: NewLink, upon parents: borrowing RouteSocket, _ inside: borrowing RouteSocket, for attachment: Attachment
  ) throws(NetlinkError) -> Link {
    var first = link
    first.name = temporaryName(attachment)
    // One is left by an ADD that was killed in between.
    if let left = try inside.linkIfAny(named: first.name) { try inside.removeLink(left.index) }
    guard try parents.add(first) else { throw NetlinkError("make the interface \(first.name)", number: EEXIST) }
    let made = try inside.link(named: first.name)
    do throws(NetlinkError) {
      try inside.rename(made.index, to: link.name)
      return try inside.link(made.index)
    } catch {
      try inside.removeLink(made.index)
      throw error
    }
  }

  /// The name of an attachment's interface before it has its own.
  static func temporaryName(_ attachment: Attachment) -> String {
    "cni" + sha512(AttachmentTag(attachment).text).prefix(10)
  }

  /// Runs `make`, which makes the attachment's interface under a name that was free before; `rollback` removes it, also where the kernel's
  /// answer was lost. Code 103 says that another call has been faster: the interface that is there is that call's.
  package static func making(
    _ request: Request, ofKind kind: String, undoneBy rollback: inout Rollback, _ make: () throws(CNIError) -> Link
  ) throws(CNIError) -> Link {
    let undo = { () throws(CNIError) in try removeNew(request, ofKind: kind) }
    do {
      let link = try make()
      rollback.add(undo)
      return link
    } catch {
      if error.code != .resourceConflict { rollback.add(undo) }
      throw error
    }
  }

  /// Removes the interface of this kind that has the attachment's name, or the name before that; does nothing if there is none.
  private static func removeNew(_ request: Request, ofKind kind: String) throws(CNIError) {
    let attachment = request.attachment
    try withNamespace(of: request) { (_) throws(CNIError) in
      try reporting(attachment.interface) { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        for name in [attachment.interface, temporaryName(attachment)] {
          guard let link = try routes.linkIfAny(named: name), link.kind == kind else { continue }
          try routes.removeLink(link.index)
        }
      }
    }
  }

  /// Throws code 103 if the namespace of the calling thread, which is the container's, has an interface of this name.
  package static func requireFreeName(_ name: String) throws(CNIError) {
    if RouteSocket.linkIndex(named: name) != nil { throw isTaken(name) }
  }

  private static func isTaken(_ name: String) -> CNIError {
    CNIError(.resourceConflict, "CNI_IFNAME: the container has an interface \(name) already")
  }

  /// Throws code 50 if the kernel lacks the kind.
  package static func requireKind(_ kind: LinkKind) throws(CNIError) {
    let isKnown = try reporting { () throws(NetlinkError) in try RouteSocket.open().knows(kind) }
    if !isKnown { throw CNIError(.notAvailable, "this kernel has no interfaces of the kind \(kind.name)") }
  }
}

extension NetlinkError {
  /// This error, with code 50 if it means that the kernel lacks the kind.
  fileprivate func refusal(of kind: LinkKind) -> CNIError {
    if number != EOPNOTSUPP { return CNIError(self) }
    return CNIError(.notAvailable, "\(self): this kernel has no interfaces of the kind \(kind.name)")
  }
}
