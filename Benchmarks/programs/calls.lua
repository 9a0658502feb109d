local function adder(n) return function(x) return x + n end end
local function map(n, f) local out = {} for i = 0, n - 1 do out[#out + 1] = f(i) end return out end
local function filter(xs, f) local out = {} for _, x in ipairs(xs) do if f(x) then out[#out + 1] = x end end return out end
local function reduce(xs, s, f) for _, x in ipairs(xs) do s = f(s, x) end return s end
local add, s = adder(3), 0
for _ = 1, 1000000 do s = add(s) % 1000003 end
local xs = filter(map(300000, function(x) return x * 2 end), function(x) return x % 3 == 0 end)
print(s .. " " .. #xs .. " " .. reduce(xs, 0, function(a, b) return a + b end))
