# 200,000 tasks, one after the other.
import asyncio


async def f(i): return i


async def main():
    total = 0
    for i in range(200000): total += await asyncio.create_task(f(i))
    print(total)

asyncio.run(main())
