// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import Testing

@Suite struct CNIErrorTests {
  @Test("the error object is in the caller's version", arguments: SpecVersion.allCases)
  func object(version: SpecVersion) throws {
    let error = CNIError(.tryAgainLater, "busy")
    #expect(error.json(version) == (try JSON(#"{"cniVersion": "\#(version.rawValue)", "code": 11, "msg": "busy"}"#)))
  }

  @Test("details are in the error object if there are any")
  func details() throws {
    let error = CNIError(.notAvailable, "no", details: "module nft_fib")
    let expected = #"{"cniVersion": "1.1.0", "code": 50, "msg": "no", "details": "module nft_fib"}"#
    #expect(error.json(.v1_1_0) == (try JSON(expected)))
  }

  @Test("the codes are those of the specification; ours begin at 100")
  func codes() {
    let specified: [CNIError.Code] = [
      .incompatibleVersion, .unsupportedField, .unknownContainer, .badEnvironment, .inputOutput, .cannotDecode,
      .invalidConfiguration, .tryAgainLater, .notAvailable, .limitedConnectivity,
    ]
    #expect(specified.map(\.rawValue) == [1, 2, 3, 4, 5, 6, 7, 11, 50, 51])
    #expect([CNIError.Code.hostPortConflict, .kernelRefused, .checkFailed].map(\.rawValue) == [100, 101, 102])
  }
}
