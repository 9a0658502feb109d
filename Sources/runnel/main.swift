// The command line. What most runs are, `runnel FILE`, `runnel run FILE` and `runnel -c CODE` without options, is
// recognised by hand before swift-argument-parser is touched: start-up is a feature (docs/architecture.md, "Start-up").

import RunnelRuntime
import RunnelSystem

StandardDescriptors.fillClosed()
if let status = WorkerMain.run(CommandLine.arguments.dropFirst()) { ProcessEnd.now(status) }
ProcessEnd.now(Invocation(Array(CommandLine.arguments.dropFirst())).run())
