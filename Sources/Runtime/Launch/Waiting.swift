// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS
import Synchronization

/// What an asynchronous body returned, and the signal that cancelled it.
package struct Waited<Value: Sendable>: Sendable {
  package let value: Value
  package let signal: CaughtSignal?

  package init(value: Value, signal: CaughtSignal?) {
    self.value = value
    self.signal = signal
  }
}

/// Runs an asynchronous body, and blocks the calling thread until it has returned. The first of `signals` that asks to end cancels it; nil
/// lets it run to its end whatever signals come. It runs on `executor`, or in Swift's pool.
package func waitFor<Value: Sendable>(
  cancelledBy signals: SignalQueue?, on executor: (any TaskExecutor)? = nil,
  _ body: @escaping @Sendable () async -> Value
) throws(SystemError) -> Waited<Value> {
  let done = try Event()
  let result = Mutex<Value?>(nil)
  let box = Box(result)
  let task = Task.detached(executorPreference: executor) {
    let value = await body()
    box.value.withLock { $0 = value }
    done.set()
  }
  var signal: CaughtSignal?
  while true {
    if let value = box.value.withLock({ $0 }) { return Waited(value: value, signal: signal) }
    try done.wait(or: signals)
    while let next = signals?.next() {
      guard next.asksToEnd, signal == nil else { continue }
      signal = next
      task.cancel()
    }
  }
}

private final class Box<Value: Sendable>: Sendable {
  let value: Mutex<Value?>
  init(_ value: consuming sending Mutex<Value?>) { self.value = value }
}

/// Something that happens once, which a thread waits for (eventfd(2)).
private final class Event: Sendable {
  private let file: FileDescriptor

  init() throws(SystemError) {
    file = FileDescriptor(owning: try systemCall("make an eventfd") { cni_eventfd() })
  }

  // Writing 1 fails only when the counter reaches 2⁶⁴ − 2.
  func set() { try? file.writeAll([1, 0, 0, 0, 0, 0, 0, 0]) }

  func wait(or signals: SignalQueue?) throws(SystemError) {
    try waitUntilReadable([file.number, signals?.descriptor ?? -1], milliseconds: -1)
  }
}

/// Waits until one of the descriptors is readable, or for this time; −1 is for ever. Negative descriptors never are.
func waitUntilReadable(_ descriptors: [Int32], milliseconds: Int32) throws(SystemError) {
  var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  try systemCall("poll") { unsafe poll(&requests, nfds_t(requests.count), milliseconds) }
}
