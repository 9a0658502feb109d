local ints, words, ni, nw, total = {}, {}, 0, 0, 0
for i = 0, 499999 do
  local k = i * 7919 % 5003
  if not ints[k] then ni = ni + 1 end
  ints[k] = (ints[k] or 0) + 1
  local w = "k" .. k % 1000
  if not words[w] then nw = nw + 1 end
  words[w] = (words[w] or 0) + i % 3
end
for _, v in pairs(words) do total = total + v end
print("[" .. ni .. ", " .. nw .. ", " .. total .. "]")
