# 100,000 tasks at the same time, each of which lets others go first twice.
import asyncio


async def f(i):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return i


async def main(): print(sum(await asyncio.gather(*(f(i) for i in range(100000)))))

asyncio.run(main())
