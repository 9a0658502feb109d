local function primes(n)
  local sieve, count = {}, 0
  for i = 0, n - 1 do sieve[i] = true end
  for i = 2, n - 1 do
    if sieve[i] then
      count = count + 1
      local j = i * i
      while j < n do sieve[j] = false; j = j + i end
    end
  end
  return count
end
print(primes(1000000))
