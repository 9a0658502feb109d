import sys
def lines():
    with open(sys.argv[1], encoding="utf-8") as f:
        for l in f: yield l.rstrip("\n")
hosts = {}
for h in (l.split(" ")[1] for l in (l for l in lines() if "ERROR" in l)): hosts.setdefault(h, []).append(h)
longest = 0
for n in (len(l.encode()) for l in lines()): longest = max(longest, n)
print(len(hosts), max(len(h) for h in hosts.values()), longest, sum(1 for _ in lines()))
