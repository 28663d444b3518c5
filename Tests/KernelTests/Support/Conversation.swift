// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

/// Connects from a namespace to an endpoint, and exchanges a question and an answer; returns the client's address as the server
/// sees it.
func converse(_ client: Namespace, _ address: String, _ port: UInt16, with server: TCPListener) throws -> IPAddress {
  // A long timeout: on a loaded machine the kernel drops a first packet, and sends it again after 1 and 3 s.
  let connection = try client.run { try TCPConnection.connect(address, port, timeout: 5 * standardTimeout) }
  let accepted = try server.accept()
  try connection.send("question")
  guard try accepted.receive() == "question" else { throw Mute() }
  try accepted.send("answer")
  guard try connection.receive() == "answer" else { throw Mute() }
  return try accepted.peer.address
}

/// Exchanges a question and an answer over UDP, and returns the client's address as the server sees it.
func converse(_ client: Namespace, _ address: String, _ port: UInt16, with server: UDPSocket) throws -> IPAddress {
  let local = address.contains(":") ? "::" : "0.0.0.0"
  let socket = try client.run { try UDPSocket(local) }
  try socket.send("question", to: Endpoint(address, port))
  let (question, source) = try server.receive()
  guard question == "question" else { throw Mute() }
  try server.send("answer", to: source)
  // The answer must come from the address that the question was sent to.
  let (answer, sender) = try socket.receive()
  guard answer == "answer", sender == Endpoint(address, port) else { throw Mute() }
  return source.address
}

/// Whether an endpoint is unreachable: the connection is refused, or no reply comes for a while.
func isUnreachable(_ client: Namespace, _ address: String, _ port: UInt16) -> Bool {
  do {
    _ = try client.run { try TCPConnection.connect(address, port, timeout: 300) }
    return false
  } catch {
    return error is SocketError
  }
}

/// A message did not arrive at the other end.
struct Mute: Error {}

func ip(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
