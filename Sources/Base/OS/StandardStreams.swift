// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A standard stream that a process writes to.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2
}

/// Opens a placeholder for each standard stream that is closed, and ignores SIGPIPE. Without the placeholder the next file that this
/// process opens would get the stream's number, and the result would be written into it.
package func guardStandardStreams() {
  signal(SIGPIPE, SIG_IGN)
  for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
    // open(2) uses the lowest free number, which is this one. O_PATH allows neither reading nor writing.
    _ = unsafe open("/", cni_o_path)
  }
}

/// Throws if stdout cannot be written to: it is closed, not open for writing, or a pipe without a reader. A full disk is noticed only
/// when writing.
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

/// Writes all bytes to a standard stream.
package func writeStandard(_ stream: StandardStream, _ bytes: [UInt8]) throws(SystemError) {
  try writeAll(bytes, to: stream.rawValue)
}
