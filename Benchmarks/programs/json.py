import json, sys
x = json.load(open(sys.argv[1], encoding="utf-8"))
print(len(x["items"]), len(json.dumps(x, ensure_ascii=False, separators=(",", ":")).encode()))
