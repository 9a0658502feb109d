def count(n):
    ints = {}
    words = {}
    for i in range(n):
        k = i * 7919 % 5003
        ints[k] = ints.get(k, 0) + 1
        w = f"k{k % 1000}"
        words[w] = words.get(w, 0) + i % 3
    return [len(ints), len(words), sum(words.values())]
print(count(500_000))
