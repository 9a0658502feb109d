def numbers(n):
    x = 12345
    out = []
    for i in range(n):
        x = (x * 1103515245 + 12345) % 2147483648
        out.append(x)
    return out
xs = numbers(300_000)
s = sorted(xs)
names = sorted(f"n{x % 100_000}" for x in xs[:100_000])
by_key = sorted(xs[:100_000], key=lambda x: x % 1000)
print(s[0], s[-1], names[50_000], by_key[50_000])
