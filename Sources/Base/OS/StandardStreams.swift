// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A stream that every process is given to write to.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2
}

/// Takes the numbers of standard streams that are closed, and keeps the process from being ended by writing to a pipe that
/// nobody reads. Without the first, what this process opens next would get such a number, and a result would be written into it.
package func guardStandardStreams() {
  signal(SIGPIPE, SIG_IGN)
  for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
    // The lowest free number is this one. What is opened so can be neither read nor written, just as what is closed.
    _ = unsafe open("/", cni_o_path)
  }
}

/// Throws if nothing can be written to stdout: it is closed, not open for writing, or a pipe that nobody reads. A full disk is
/// only seen when it is written to.
package func checkStandardOutput() throws(SystemError) {
  let number = StandardStream.output.rawValue
  let flags = try systemCall("write") { fcntl(number, F_GETFL) }
  if flags & cni_o_path != 0 || flags & O_ACCMODE == O_RDONLY { throw SystemError("write", number: EBADF) }
  var request = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
  try systemCall("poll") { unsafe poll(&request, 1, 0) }
  if Int32(request.revents) & POLLERR != 0 { throw SystemError("write", number: EPIPE) }
}

/// Reads stdin to its end, or to `limit` bytes if that comes first.
package func readStandardInput(limit: Int) throws(SystemError) -> [UInt8] {
  try FileDescriptor(owning: 0).readAll(limit: limit)
}

/// Writes every byte to a stream of the process.
package func writeStandard(_ stream: StandardStream, _ bytes: [UInt8]) throws(SystemError) {
  try writeAll(bytes, to: stream.rawValue)
}
