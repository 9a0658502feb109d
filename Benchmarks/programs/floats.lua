local function inside(cx, cy)
  local x, y, turns = 0.0, 0.0, 0
  while turns < 50 do
    local x2, y2 = x * x, y * y
    if x2 + y2 > 4.0 then return false end
    y = 2.0 * x * y + cy
    x = x2 - y2 + cx
    turns = turns + 1
  end
  return true
end
local n = 0
for i = 0, 299 do
  for j = 0, 299 do
    if inside(i / 150 - 1.5, j / 150 - 1.0) then n = n + 1 end
  end
end
print(n)
