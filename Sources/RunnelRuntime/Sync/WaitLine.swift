// The parking primitive: strands that wait in one line, first come, first served. Channels and shared values, and what
// else tasks wait at for each other, have one or two of these, guarded by a lock of their own.

/// A queue of waiting strands. Each says what it waits for (`Want`): the value that it sends, the change that it makes.
///
/// Whoever serves a place calls `waiter.resume` while it holds the lock, and has given nothing away if that says false: the
/// wait was given up at the same moment. So a wait that is cancelled or late has taken nothing (language.md §12).
struct WaitLine<Want> {
  final class Place {
    let waiter: Waiter
    let want: Want
    fileprivate var hasLeft = false

    init(_ waiter: Waiter, _ want: Want) {
      self.waiter = waiter
      self.want = want
    }
  }

  private var places: [Place] = []
  /// Those before this one have been served.
  private var first = 0
  /// How many of the others have left.
  private var gaps = 0

  /// How many stand in it, those who are being given up at the moment among them.
  var count: Int { places.count - first - gaps }
  var isEmpty: Bool { count == 0 }
  var all: [Place] { places[first...].filter { !$0.hasLeft } }

  /// Joins the line at its end. O(1).
  mutating func join(_ waiter: Waiter, _ want: Want) -> Place {
    let place = Place(waiter, want)
    places.append(place)
    return place
  }

  /// Leaves the line; nothing if the place has been served. O(1) on average.
  mutating func leave(_ place: Place) {
    guard !place.hasLeft else { return }
    place.hasLeft = true
    gaps += 1
    if gaps > 16, gaps * 2 > places.count - first { compact() }
  }

  /// Takes out the place whose turn it is.
  mutating func next() -> Place? {
    while first < places.count {
      let place = places[first]
      first += 1
      if place.hasLeft {
        gaps -= 1
        continue
      }
      place.hasLeft = true
      if first > 32, first * 2 > places.count { compact() }
      return place
    }
    places.removeAll(keepingCapacity: true)
    first = 0
    return nil
  }

  private mutating func compact() {
    places = places[first...].filter { !$0.hasLeft }
    first = 0
    gaps = 0
  }
}
