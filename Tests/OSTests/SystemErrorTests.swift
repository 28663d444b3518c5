// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct SystemErrorTests {
  @Test("the text of an error says what was done, to what, and why it failed")
  func text() {
    #expect(SystemError("open /x", number: EACCES).description == "open /x: Permission denied")
    #expect(SystemError.text(ENOENT) == "No such file or directory")
  }

  @Test("a call that is interrupted is made again, until it is not")
  func interrupted() throws {
    var calls = 0
    let result = try systemCall("call") {
      calls += 1
      if calls == 3 { return 7 }
      errno = EINTR
      return -1
    }
    #expect(result == 7)
    #expect(calls == 3)
  }

  @Test("a call that fails otherwise is made once", arguments: [EAGAIN, EBADF, EPERM])
  func failed(number: Int32) {
    var calls = 0
    #expect(throws: SystemError("call it", number: number)) {
      try systemCall("call it") { () -> Int32 in
        calls += 1
        errno = number
        return -1
      }
    }
    #expect(calls == 1)
  }

  @Test("the number is the call's own, whatever happens while its text is made")
  func numberIsKept() {
    func text() -> String {
      errno = EINTR
      return "call"
    }
    #expect(throws: SystemError("call", number: EBADF)) {
      try systemCall(text()) { () -> Int32 in
        errno = EBADF
        return -1
      }
    }
  }

  @Test("any answer but −1 is success", arguments: [0, 1, -2, Int.max])
  func success(value: Int) throws {
    var isTextMade = false
    func text() -> String {
      isTextMade = true
      return "call"
    }
    #expect(try systemCall(text()) { value } == value)
    #expect(!isTextMade)
  }
}
