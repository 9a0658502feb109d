local hosts, n, longest, count = {}, 0, 0, 0
for l in io.lines(arg[1]) do
  count = count + 1
  if #l > longest then longest = #l end
  if l:find("ERROR", 1, true) then
    local h = l:match("^[^ ]* ([^ ]*)")
    if not hosts[h] then n = n + 1 end
    hosts[h] = (hosts[h] or 0) + 1
  end
end
local most = 0
for _, c in pairs(hosts) do if c > most then most = c end end
print(n .. " " .. most .. " " .. longest .. " " .. count)
