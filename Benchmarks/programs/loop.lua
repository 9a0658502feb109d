local function count(n)
  local s = 0
  local i = 0
  while i < n do
    s = s + i % 7
    i = i + 1
  end
  return s
end
print(count(10000000))
