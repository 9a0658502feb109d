// Every instruction of the machine, declared once. The comment gives operands and effect; R is the register
// window of the running function, K its constants, U its captured values. `→` is a jump.

public enum Opcode: UInt8, Sendable, CaseIterable {
  // Moving
  case move  // A B        R[A] = R[B]
  case take  // A B        R[A] = R[B], R[B] = nil
  case loadNil  // A          R[A] = nil
  case loadBool  // A B        R[A] = B != 0
  case loadInt  // A imm      R[A] = imm
  case loadConstant  // A imm      R[A] = K[imm]
  case loadMissing  // A          R[A] = the mark of an argument that was not given
  case getGlobal  // A imm      R[A] = global imm
  case getGlobalChecked  // A imm      as above; NameError while it has no value yet
  case setGlobal  // A imm      global imm = R[A]; flag 1: then R[A] = nil
  case getUpvalue  // A B        R[A] = U[B]
  case getUpvalueCell  // A B        R[A] = cell U[B]
  case setUpvalueCell  // A B        cell U[B] = R[A]; flag 1: then R[A] = nil
  case makeCell  // A          R[A] = a new cell that holds R[A]
  case getCell  // A B        R[A] = cell R[B]
  case setCell  // A B        cell R[A] = R[B]; flag 1: then R[B] = nil
  case loadSelf  // A          R[A] = the running function
  case checkInitialised  // A B        NameError (K[B] is the name) if R[A] has no value yet
  case closure  // A imm      R[A] = a closure of function imm of the module

  // Arithmetic
  case add  // A B C      R[A] = R[B] + R[C]
  case subtract
  case multiply
  case divide
  case floorDivide
  case remainder
  case power
  case addImmediate  // A B C      R[A] = R[B] + signed C
  case multiplyImmediate
  case remainderImmediate
  case floorDivideImmediate
  case negate  // A B        R[A] = -R[B]
  case not  // A B        R[A] = not R[B], which must be a bool

  // Comparing
  case equal  // A B C      R[A] = R[B] == R[C]
  case notEqual
  case less  // A B C      R[A] = R[B] < R[C]
  case lessOrEqual
  case contains  // A B C      R[A] = R[B] in R[C]; flag 1: not in
  case isKind  // A B C      R[A] = R[B] is kind R[C]

  // Jumping
  case jump  // imm        →
  case loop  // imm        → backwards, a checkpoint
  case jumpIfFalse  // A imm      → if R[A] is false; TypeError if it is no bool
  case jumpIfTrue  // A imm
  case jumpIfNil  // A imm
  case jumpIfNotNil  // A imm
  case jumpIfGiven  // A imm      → unless R[A] is the mark of an argument that was not given
  case jumpUnlessLess  // A B C      → C unless R[A] < R[B]
  case jumpUnlessLessOrEqual  // A B C
  case jumpUnlessEqual  // A B C
  case jumpIfEqual  // A B C
  case jumpUnlessLessImmediate  // A B C      → C unless R[A] < signed B
  case jumpUnlessLessOrEqualImmediate
  case jumpUnlessGreaterImmediate
  case jumpUnlessGreaterOrEqualImmediate
  case jumpUnlessEqualImmediate
  case jumpIfEqualImmediate

  // Iterating. R[A], R[A+1] and R[A+2] are the iterator.
  case iteratorPrepare  // A          makes an iterator of R[A]; flag 1: of a pair loop
  // A B C: R[B] = the next item, or → C at the end; flag 1: R[B], R[B+1] = key or index, item
  case iteratorNext
  case iteratorClose  // A          ends what is iterated, if it is a stream
  // A C: R[A], R[A+1] bounds (flag 1: inclusive) become an iterator; both must be ints
  case rangePrepare
  case rangeNext  // A B C      R[B] = the next int, or → C

  // Building
  case makeList  // A B C      R[A] = list of R[B] … R[B+C-1], which are taken
  case listAppend  // A B        R[A].push(R[B])
  case listExtend  // A B        R[A].extend(R[B]), anything that can be iterated without waiting
  case makeMap  // A          R[A] = {}
  case mapSet  // A B C      R[A][R[B]] = R[C]
  case mapSetName  // A B C      R[A][K[B]] = R[C]
  case mapSpread  // A B        R[A].update(R[B])
  case makeString  // A B C      R[A] = the texts of R[B] … R[B+C-1], which are taken, in one
  case format  // A B C      R[A] = R[B] by the format K[C]
  case makeRange  // A B C      R[A] = R[B]..R[C]; flag 1: inclusive

  // Reading parts
  case getIndex  // A B C      R[A] = R[B][R[C]]
  case getIndexOptional  // A B C      nil where it is not there
  case getField  // A B C      R[A] = R[B].K[C]
  case getFieldOptional  // A B C
  // A B C: R[A] = R[B][R[C]..R[C+1]], nil for an open bound; flag 1: inclusive, 2: nil for nil
  case slice

  // Changing places. A place is a variable and a path of keys; see `PlaceDescriptor`.
  case setIndex  // A B C      R[A][R[B]] = R[C], R[A] a variable
  case setField  // A B C      R[A].K[B] = R[C]
  case placeSet  // A B C      place K[B] with keys from R[A] = R[C]
  case placeGet  // A B C      R[C] = place K[B] with keys from R[A]
  // A B: R[A] = a method, changing or not, of place K[B]; keys from R[A+1], then the arguments
  case placeCall

  // Calling. The callee is in R[A], its arguments follow; the result takes the callee's place.
  case call  // A B        call R[A] with B arguments
  case callOf  // A B C      call R[C], which does not change meanwhile; R[A] is for the result alone
  case callBuiltin  // A B C      call the built-in K[C], likewise
  case callSelf  // A B        call the running function with B arguments, exactly its parameters
  case callShape  // A B        call R[A] with arguments as K[B] (keywords, spreads) says
  case callMethod  // A B C      call method K[C] of R[A] with B arguments
  case callMethodShape  // A B C      as above, arguments as K[B] says
  case return_  // A          return R[A]
  case returnNil
  case yield  // A          give R[A] to the reader; stopped until it reads on
  case makeGenerator  // first instruction of a generator: gives its stream

  // Errors
  case raise  // A          raise R[A]
  case raiseFrom  // A B        raise R[A] with cause R[B]
  case reraise  // A          raise R[A] on its way, its trace kept
  case jumpUnlessKind  // A B C      → C unless error R[A] is of kind R[B]
  case jumpUnlessCatchable  // A imm      → if R[A] is not under Error (Cancelled, an exit)
  case raiseMatch  // A          raise MatchError for R[A]
  // A B: raise AssertionError: K[B] describes; R[A] message or nil, R[A+1] and R[A+2] the sides of a
  // comparison
  case raiseAssertion

  // Patterns: each tests R[B] and jumps if it does not match.
  case matchType  // A B C      → C unless R[A] is of type K[B]
  case matchValue  // A B C      → C unless R[A] equals R[B] (and is of a comparable type)
  case matchRange  // A B C      → C unless R[A] is in R[B]..R[B+1]; flag 1: inclusive
  case matchList  // A B C      → C unless R[A] is a list of B items; flag 1: at least B
  case matchMap  // A imm      → unless R[A] is a map (or, flag 1, an error)
  case matchField  // A B C      R[A] = R[A+1].K[B], or → C; flag 1: of an error
  case matchKind  // A B C      → C unless R[A] is an error of kind R[B]
  case listRest  // A B C      R[A] = R[B][C..]
  case mapRest  // A B C      R[A] = R[B] without the names K[C]
  case raiseDestructure  // A B        raise MatchError: R[A] does not fit the pattern written K[B]

  // Scopes and cleanup. A "completion" is R[A] = how the body was left (0 normally, 1 by the error in R[A+1],
  // more: an exit of the compiler's), R[A+1] = the error or value.
  // A B: begin a scope of kind B (ScopeForm), with operand R[A]; flag 1: R[A] = its handle
  case scopeEnter
  case scopeHold  // A          the innermost scope gives R[A] back at its end, if it is a lock or a semaphore
  // A: body left with completion A: wait for (or stop) the tasks of the innermost scope
  case scopeJoin
  // A B: end it under completion A, its value in R[B]; may change the completion; flag 1: to 2 where its
  // own deadline passed
  case scopeEnd
  case frameJoin  // A          as scopeJoin, for the scope that the running function is
  case cleanupEnter  // A B        begin cleanup under completion A; flag 1: with R[B] as its own grace
  case cleanupEnd  // A          end it normally
  case cleanupFail  // A B        end it with error R[B], which joins completion A
  case suppress  // A B        error R[B], raised while completion A passes, joins it
  case replaceCompletion  // A B        completion A becomes error R[B]
  case jumpUnlessFailed  // A imm      → unless completion A is an error (an exit is none)
  case dispatch  // A B        by completion A: 0 goes on, 1 raises; n+2 takes the nth of B jumps that follow

  // Tasks
  case spawn  // A B        R[A] = a task of closure R[A] with options K[B], whose values are in R[A+1]…
  case await  // A B        R[A] = the result of task R[B]
  case gather  // A B        R[A] = gather R[A], mode B
  // A B: R[A] = gather of R[A] (source), R[A+1] (closure), R[A+2] (limit or nil), R[A+3] (executor or nil), mode B; flag 1:
  // pairs
  case gatherFor
  // A: R[A] = the state of a retry with count R[A], backoff R[A+1], jitter R[A+2], within R[A+3]; flag:
  // RetryFlags
  case retryBegin
  case retryAttempt  // A B        begin an attempt of R[A], a scope; R[B] = its `attempt`
  // A: inside an attempt, before R[A], a variable from outside it, is assigned; flag 1: by `+=`
  case keepRegister
  // A: flag 1: `until` of R[A] is asked from here on: what it raises is no attempt's failure; flag 0: it has answered
  case retryAsk
  case retryIsRefused  // A B C      R[A] = whether `until` of R[B] has refused a value by raising R[C]
  case retryRefuse  // A B        raise: the attempt's value R[B] was refused by `until`
  // A B C: if the backoff of R[A] is a function and another attempt may follow: R[C] = it, R[C+1] = the
  // error of completion B, R[C+2] = the attempt's number; else R[C] = nil
  case retryWait
  // A B C: completion B of an attempt of R[A] is an error: wait, then completion = 2 (again); or leave
  // the error ; or 3 (else). R[C]: what the backoff function gave, or nil
  case retryFailed
  case retryGiveUp  // A B        completion B is an error that is not retried
  case runCommand  // A B        R[A] = the result of command K[B]; its words' values are in R[A+1]…
  // A B: R[A] = a stream of R[B], a pipeline's source; flag 1: what a stage gave, before another; 2: what the
  // last one gave, which need not be a stream
  case pipeSource
  case pipeCollect  // A          R[A] = the list of what is left, if it is a stream
  // A B: R[A] = a stream of the lines (flag: bytes) of command K[B]; words' values in R[A+1]…
  case commandSource
  // A B: R[A] = command K[B] fed by stream R[A], words' values in R[A+1]…; flag: CommandRole
  case commandStage

  // Modules
  case importModule  // A imm      R[A] = module imm, which is run unless it has been
  case defineKind  // A B C      R[A] = a new error kind K[B] under R[C]
}
