import sys
def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    n = 0
    for line in text.splitlines():
        words = line.split(" ")
        n += len(words)
        if "ERROR" in line: n += len(line.replace("ERROR", "error").upper().split("-"))
        n += len("-".join(words[:3]).encode())
    built = ""
    for i in range(200_000): built += f"x{i % 10}"
    print(n, len(built.encode()))
main()
