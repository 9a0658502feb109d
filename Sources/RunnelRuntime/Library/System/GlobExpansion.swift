// Finds the files that a pattern means, directory by directory. Used by `fs.glob` and by the words of commands.

internal import RunnelSystem

/// Patterns for paths.
enum Glob {
  /// The paths that match a pattern with `* ? [..] ** {a,b}`, sorted, each once; none if nothing does.
  ///
  /// - Parameter directory: what relative patterns count from; the paths are relative as the pattern is.
  static func expand(_ pattern: String, in directory: String, _ strand: Strand) throws(Raised) -> [String] {
    var found: Set<String> = []
    for alternative in try BraceExpansion.expand(pattern) {
      try collect(PathPattern([.wildcard(alternative)]), in: directory, strand, into: &found)
    }
    return try sorted(found, strand)
  }

  /// The same for a command's word, of which parts may be quoted or interpolated. Braces have no meaning there.
  static func expand(_ pieces: [GlobPiece], in directory: String, _ strand: Strand) throws(Raised) -> [String]
  {
    var found: Set<String> = []
    try collect(PathPattern(pieces), in: directory, strand, into: &found)
    return try sorted(found, strand)
  }

  /// Whether a word has wildcards at all: others need no look at the disk.
  static func hasWildcards(_ pieces: [GlobPiece]) -> Bool { PathPattern(pieces).isWildcard }

  /// Whether one name, without slashes, matches a pattern without slashes and braces.
  static func matches(_ name: String, pattern: String) -> Bool {
    let names = PathPattern([.wildcard(pattern)]).names
    return names.count == 1 && names[0].matches(name)
  }

  private static func sorted(_ found: Set<String>, _ strand: Strand) throws(Raised) -> [String] {
    var paths = Array(found)
    try TreeLooks.sort(&paths, strand, TreeLooks.byteOrder)
    return paths
  }

  /// A directory that matched so far.
  private struct Place: Hashable {
    /// As it is given to the script, with a slash at the end; empty for where a relative pattern starts.
    let text: String
    let bytes: [UInt8]
  }

  private static func collect(
    _ pattern: PathPattern, in directory: String, _ strand: Strand, into found: inout Set<String>
  ) throws(Raised) {
    let start =
      pattern.isAbsolute
      ? Place(text: "/", bytes: [UInt8(ascii: "/")])
      : Place(text: "", bytes: Array(directory.utf8) + [UInt8(ascii: "/")])
    // A name that matches in two ways is looked at once: `**/**` is `**`.
    var places: Set<Place> = [start]
    guard !pattern.names.isEmpty else {
      if pattern.isAbsolute { found.insert("/") }
      return
    }
    for (index, name) in pattern.names.enumerated() {
      let isLast = index == pattern.names.count - 1
      var next: Set<Place> = []
      for place in places {
        try strand.checkpoint()
        if name.isAnyDepth {
          if isLast {
            try collectBelow(place, pattern.wantsDirectory, strand, into: &found)
          } else {
            try directoriesBelow(place, strand, into: &next)
          }
        } else if let literal = name.literal {
          try step(place, [Candidate(literal)], isLast, pattern.wantsDirectory, into: &next, found: &found)
        } else {
          let candidates = entries(of: place).filter { name.matches($0.name) }
          try step(
            place, candidates.map { Candidate($0) }, isLast, pattern.wantsDirectory, into: &next,
            found: &found)
        }
      }
      places = next
    }
  }

  private struct Candidate {
    let name: String
    let bytes: [UInt8]
    let kind: FileKind?

    init(_ literal: [UInt8]) {
      bytes = literal
      name = String(decoding: literal, as: UTF8.self)
      kind = nil
    }

    init(_ entry: DirectoryEntry) {
      bytes = entry.pathBytes
      name = entry.name
      kind = entry.kind
    }
  }

  /// From a directory to names in it: the last names of a pattern are found, others lead on if they are directories.
  private static func step(
    _ place: Place, _ candidates: [Candidate], _ isLast: Bool, _ wantsDirectory: Bool,
    into next: inout Set<Place>, found: inout Set<String>
  ) throws(Raised) {
    for candidate in candidates {
      let bytes = place.bytes + candidate.bytes
      let text = place.text + candidate.name
      if isLast, !wantsDirectory {
        // What was listed is there; a link to nothing is there, too.
        if candidate.kind != nil || (try? Files.status(of: bytes, followingLinks: false)) != nil {
          found.insert(text)
        }
      } else if candidate.kind == .directory || (try? Files.status(of: bytes))?.kind == .directory {
        if isLast {
          found.insert(text + "/")
        } else {
          next.insert(Place(text: text + "/", bytes: bytes + [UInt8(ascii: "/")]))
        }
      }
    }
  }

  /// What cannot be listed holds nothing that matches, as in shells.
  private static func entries(of place: Place) -> [DirectoryEntry] {
    (try? Files.entries(of: place.bytes)) ?? []
  }

  /// `**` in the middle: the directory itself and all below that are not hidden. Links are not followed.
  private static func directoriesBelow(
    _ place: Place, _ strand: Strand, into found: inout Set<Place>
  ) throws(Raised) {
    var open = [place]
    while let place = open.popLast() {
      // Another `**`, or the same from above, has been here.
      guard found.insert(place).inserted else { continue }
      try strand.checkpoint()
      for entry in entries(of: place) where isVisibleDirectory(entry, in: place) {
        open.append(below(place, entry))
      }
    }
  }

  /// `**` at the end: everything below that is not hidden.
  private static func collectBelow(
    _ place: Place, _ wantsDirectory: Bool, _ strand: Strand, into found: inout Set<String>
  ) throws(Raised) {
    var open = [place]
    while let place = open.popLast() {
      try strand.checkpoint()
      for entry in entries(of: place) where entry.name.utf8.first != UInt8(ascii: ".") {
        let isDirectory = isVisibleDirectory(entry, in: place)
        if isDirectory { open.append(below(place, entry)) }
        if isDirectory || !wantsDirectory {
          found.insert(place.text + entry.name + (wantsDirectory ? "/" : ""))
        }
      }
    }
  }

  private static func isVisibleDirectory(_ entry: DirectoryEntry, in place: Place) -> Bool {
    guard entry.name.utf8.first != UInt8(ascii: ".") else { return false }
    if entry.kind == .unknown {
      return (try? Files.status(of: place.bytes + entry.pathBytes, followingLinks: false))?.kind == .directory
    }
    return entry.kind == .directory
  }

  private static func below(_ place: Place, _ entry: DirectoryEntry) -> Place {
    Place(text: place.text + entry.name + "/", bytes: place.bytes + entry.pathBytes + [UInt8(ascii: "/")])
  }
}
