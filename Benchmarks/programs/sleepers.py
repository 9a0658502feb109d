# 100,000 tasks that sleep for a second at the same time.
import asyncio


async def f(i):
    await asyncio.sleep(1)
    return i


async def main(): print(sum(await asyncio.gather(*(f(i) for i in range(100000)))))

asyncio.run(main())
