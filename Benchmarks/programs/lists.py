def primes(n):
    sieve = [True for x in range(n)]
    count = 0
    for i in range(2, n):
        if sieve[i]:
            count += 1
            j = i * i
            while j < n:
                sieve[j] = False
                j += i
    return count
print(primes(1_000_000))
