#!/usr/bin/env python3
"""Makes access.log.gz: requests in the combined log format, made up, the addresses from RFC 5737. The same every time."""
import gzip, os, random

r = random.Random(11)
paths = ["/", "/index.html", "/docs/language.html", "/docs/library.html", "/download/runnel.tar.gz", "/search?q=retry", "/search?q=pipelines", "/favicon.ico", "/old/page.html", "/api/v1/items"]
agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/7.88.1", "feedreader/2.1"]
lines, t = [], 0
for _ in range(600):
    t += r.randint(1, 240)
    if r.random() < 0.25: path, status, size, agent = "/healthz", 200, 2, "probe/1.0"
    else:
        path = r.choices(paths, [30, 20, 14, 10, 4, 6, 5, 9, 5, 8])[0]
        status = 404 if path.startswith("/old") else r.choices([200, 304, 500, 503], [85, 9, 2, 1])[0]
        size = 0 if status == 304 else r.randint(200, 9000) * (40 if "tar.gz" in path else 1)
        agent = r.choice(agents)
    lines.append(f'{r.choice(["192.0.2", "198.51.100", "203.0.113"])}.{r.randint(1, 9)} - - [05/Mar/2024:{t // 3600 % 24:02}:{t // 60 % 60:02}:{t % 60:02} +0000] "GET {path} HTTP/1.1" {status} {size} "-" "{agent}"\n')
with gzip.GzipFile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "access.log.gz"), "wb", mtime=0) as f:
    f.write("".join(lines).encode())
