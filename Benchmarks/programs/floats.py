def inside(cx, cy):
    x = 0.0
    y = 0.0
    turns = 0
    while turns < 50:
        x2 = x * x
        y2 = y * y
        if x2 + y2 > 4.0: return False
        y = 2.0 * x * y + cy
        x = x2 - y2 + cx
        turns += 1
    return True
n = 0
for i in range(300):
    for j in range(300):
        if inside(i / 150 - 1.5, j / 150 - 1.0): n += 1
print(n)
