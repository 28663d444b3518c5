// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Attaches containers to networks, by calling the networks' plugins as the CNI specification says.
///
/// It has no state but what is in the cache's folder, and can be made anew for each call. Any number of calls can run at once; those for one
/// attachment wait for each other, also across processes.
public struct NetworkRuntime: Sendable {
  /// How plugins are found and called.
  public struct Options: Sendable {
    /// The folders that plugins are looked for in, in this order (`CNI_PATH`).
    public var pluginFolders: [String]
    /// The folder in which `results` is.
    public var cacheFolder: String
    /// How long a plugin may take for one call.
    public var timeout: Duration
    /// How long to wait for another call for the same attachment.
    public var lockTimeout: Duration
    /// Variables that all plugins get, beside this process's own.
    public var environment: [String: String]
    /// The span that plugins belong to; nil for that of this process's environment, if it has one.
    public var traceContext: TraceContext?
    /// What finds and executes plugins.
    public var executor: any PluginExecuting
    /// Is told each call of a plugin that has ended, on any thread.
    public var onCall: (@Sendable (CallEvent) -> Void)?

    /// The options of most runtimes.
    public init(
      pluginFolders: [String] = ["/opt/cni/bin"], cacheFolder: String = "/var/lib/cni",
      timeout: Duration = .seconds(120),
      lockTimeout: Duration = .seconds(120), environment: [String: String] = [:], traceContext: TraceContext? = nil,
      executor: any PluginExecuting = ProgramExecutor(), onCall: (@Sendable (CallEvent) -> Void)? = nil
    ) {
      self.pluginFolders = pluginFolders
      self.cacheFolder = cacheFolder
      self.timeout = timeout
      self.lockTimeout = lockTimeout
      self.environment = environment
      self.traceContext = traceContext
      self.executor = executor
      self.onCall = onCall
    }
  }

  /// How plugins are found and called.
  public let options: Options

  /// Makes a runtime; reads and writes nothing.
  public init(_ options: Options = Options()) { self.options = options }

  /// The attachments that were made and not deleted.
  public var cache: ResultCache { ResultCache(options.cacheFolder) }
}
