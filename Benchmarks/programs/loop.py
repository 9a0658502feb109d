def count(n):
    s = 0
    i = 0
    while i < n:
        s += i % 7
        i += 1
    return s
print(count(10_000_000))
