" Runnel. Copy or link this folder's `syntax` and `ftdetect` into ~/.vim.
" The words stand in Sources/RunnelSyntax/Lexing/Keyword.swift; Tests/check-project compares them.

if exists("b:current_syntax")
  finish
endif

syn keyword runnelKeyword let var fn return if else while for in break continue match
syn keyword runnelKeyword try catch finally raise defer with import as and or not is
syn keyword runnelKeyword yield spawn await gather shield retry timeout
syn keyword runnelConstant true false nil
syn keyword runnelClause test scope error assert settled any race
syn keyword runnelClause on limit backoff jitter within until every detached service from

syn match runnelNumber "\v<0x[0-9a-fA-F_]+>|<0b[01_]+>|<0o[0-7_]+>"
syn match runnelNumber "\v<\d[0-9_]*(\.\d[0-9_]*)?([eE][-+]?\d+)?((ns|us|ms|[smhd])(\d+(ns|us|ms|[smhd]))*|[KMGT]i?B)?>"

syn match runnelComment "\v#.*$" contains=runnelTodo
syn match runnelDoc "\v##.*$" contains=runnelTodo
syn keyword runnelTodo TODO FIXME contained

syn match runnelEscape "\v\\(u\{[0-9a-fA-F]*\}|.)" contained
syn region runnelInterpolation matchgroup=runnelBrace start="{" end="}" contained contains=TOP
syn region runnelString start=+"+ skip=+\\.+ end=+"+ contains=runnelEscape,runnelInterpolation oneline
syn region runnelString start=+"""+ skip=+\\.+ end=+"""+ contains=runnelEscape,runnelInterpolation
syn region runnelRaw start=+'+ end=+'+ oneline
syn region runnelRaw start=+'''+ end=+'''+

syn match runnelCommand "\v(^|[;{])\s*\zs\$ .*$" contains=runnelInterpolation,runnelString,runnelRaw
syn region runnelCommand start="\v\$\??\(" end=")" contains=runnelInterpolation,runnelString,runnelRaw

hi def link runnelKeyword Keyword
hi def link runnelClause Statement
hi def link runnelConstant Constant
hi def link runnelNumber Number
hi def link runnelComment Comment
hi def link runnelDoc SpecialComment
hi def link runnelTodo Todo
hi def link runnelEscape SpecialChar
hi def link runnelBrace Delimiter
hi def link runnelString String
hi def link runnelRaw String
hi def link runnelCommand PreProc

let b:current_syntax = "runnel"
