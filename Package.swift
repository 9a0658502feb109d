// swift-tools-version: 6.2
import PackageDescription

/// One set of strict settings for every target (docs/architecture.md).
let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]

let package = Package(
  name: "runnel",
  products: [
    .library(name: "Runnel", targets: ["Runnel"]),
    .executable(name: "runnel", targets: ["runnel"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Front end: text to tree, pure.
    .target(name: "RunnelSyntax", swiftSettings: strict),
    // Tree to bytecode.
    .target(name: "RunnelCompiler", dependencies: ["RunnelSyntax"], swiftSettings: strict),
    // Executors, timers and clocks.
    .target(name: "CRunnelScheduler"),
    .target(name: "RunnelScheduler", dependencies: ["CRunnelScheduler"], swiftSettings: strict),
    // Every system call.
    .target(name: "CRunnelSystem"),
    .target(
      name: "RunnelSystem", dependencies: ["CRunnelSystem", "RunnelScheduler"], swiftSettings: strict),
    // Values, machine, strands, library.
    .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
    .target(
      name: "RunnelRuntime",
      dependencies: [
        "RunnelSyntax", "RunnelCompiler", "RunnelScheduler", "RunnelSystem", "CRunnelSystem", "CPCRE2",
      ],
      swiftSettings: strict),
    // The embedding face.
    .target(
      name: "Runnel", dependencies: ["RunnelRuntime", "RunnelScheduler", "RunnelSyntax", "RunnelSystem"],
      swiftSettings: strict),
    // `runnel test`.
    .target(
      name: "RunnelTesting",
      dependencies: ["RunnelRuntime", "RunnelCompiler", "RunnelScheduler", "RunnelSyntax", "RunnelSystem"],
      swiftSettings: strict),
    // The REPL over GNU readline; the library product never links it.
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .target(
      name: "RunnelREPL", dependencies: ["RunnelRuntime", "RunnelSyntax", "RunnelSystem", "CReadline"],
      swiftSettings: strict),
    // The command line.
    .executableTarget(
      name: "runnel",
      dependencies: [
        "RunnelRuntime", "RunnelCompiler", "RunnelSyntax", "RunnelSystem", "RunnelREPL", "RunnelTesting",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .testTarget(name: "RunnelSyntaxTests", dependencies: ["RunnelSyntax"], swiftSettings: strict),
    .testTarget(
      name: "RunnelSchedulerTests", dependencies: ["RunnelScheduler"], swiftSettings: strict),
    .testTarget(
      name: "RunnelRuntimeTests",
      dependencies: ["RunnelRuntime", "RunnelCompiler", "RunnelSyntax", "RunnelSystem", "RunnelScheduler"],
      swiftSettings: strict),
    .testTarget(
      name: "RunnelTestingTests", dependencies: ["RunnelTesting", "RunnelSystem"], swiftSettings: strict),
    .testTarget(name: "RunnelTests", dependencies: ["Runnel"], swiftSettings: strict),
    .testTarget(
      name: "RunnelSystemTests", dependencies: ["RunnelSystem", "CRunnelSystem", "RunnelScheduler"],
      swiftSettings: strict),
  ]
)
