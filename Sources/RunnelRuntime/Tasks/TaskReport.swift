// The tree of tasks as SIGQUIT shows it (language.md §10.5): each with its state, what it waits for, where and since when.

import RunnelScheduler
import RunnelSyntax

extension Interpreter {
  /// Writes the tree to standard error; the script goes on.
  func reportTasks() {
    write(taskTree, toError: true)
    // Each shows its own.
    for worker in workers.all { worker.send(Message(kind: .report, payload: [])) }
  }

  /// The tree, a task a line; from any thread.
  public var taskTree: String {
    guard let mainStrand else { return "" }
    var text = ""
    let now = scheduler.now
    tree.withLock {
      // A list of what is left to do: tasks may be nested as deeply as they like.
      var strands: [(strand: Strand, depth: Int)] = [(mainStrand, 0)]
      while let (strand, depth) = strands.popLast() {
        text += String(repeating: "  ", count: min(depth, 40)) + strand.line(now: now) + "\n"
        let tasks = strand.busyScopes.flatMap(\.live.all).sorted { $0.id > $1.id }
        strands += tasks.compactMap { task in task.strand.map { ($0, depth + 1) } }
      }
    }
    return text
  }
}

extension Strand {
  /// One line of the tree. Under the tree lock.
  fileprivate func line(now: Int64) -> String {
    var text = stage == nil ? label : "a stage of a pipeline"
    if let task, stage == nil, let place = task.place?.entry(.spawned) {
      text += ", spawned at \(place.location)"
    }
    if let pid = remoteWork?.pid { text += ", on process, pid \(pid)" }
    if let label = seat?.label { text += ", \(label)" }
    guard let (reason, since, place) = waitingNow else { return text + ": runs" }
    text += ": waits for \(reason.account)"
    if let place { text += " at \(place.location)" }
    text += ", for \(Formatting.duration(Int(max(0, now - since)) / 1_000_000 * 1_000_000))"
    return text + heldAccount
  }
}

extension TraceEntry {
  /// `file:line:column`.
  var location: String {
    let place = source.place(of: span.start)
    return "\(source.name):\(place.line):\(place.column)"
  }
}
