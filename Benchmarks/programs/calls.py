def adder(n): return lambda x: x + n
def main():
    add = adder(3)
    s = 0
    for i in range(1_000_000): s = add(s) % 1_000_003
    xs = list(filter(lambda x: x % 3 == 0, map(lambda x: x * 2, range(300_000))))
    from functools import reduce
    print(s, len(xs), reduce(lambda a, b: a + b, xs, 0))
main()
