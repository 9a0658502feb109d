// `runnel reference DIR`, hidden: writes `docs/reference` from the declarations of the library.

import ArgumentParser
import RunnelRuntime
import RunnelSystem

/// Writes the reference of the library.
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Write the library's reference as Markdown.", shouldDisplay: false)

  @ArgumentParser.Argument(
    help: ArgumentHelp("Where the pages go.", valueName: "directory"), completion: .directory)
  var directory: String

  func run() throws {
    do throws(SystemError) {
      if !Files.exists(directory) { try Files.makeDirectory(directory) }
      for page in Reference.pages() { try Self.write(page.text, to: "\(directory)/\(page.file)") }
    } catch {
      Console.complain("runnel: \(error.description)\n")
      throw ExitStatus(status: 1)
    }
  }

  private static func write(_ text: String, to path: String) throws(SystemError) {
    let file = try Files.open(path, [.write, .create, .truncate])
    try Console.write(text, to: file.number)
  }
}
