# 200,000 values there and back, between two tasks, through two queues.
import asyncio


async def echo(there, back):
    while (x := await there.get()) is not None: await back.put(x + 1)


async def main():
    there, back = asyncio.Queue(1), asyncio.Queue(1)
    task = asyncio.create_task(echo(there, back))
    total = 0
    for i in range(200000):
        await there.put(i)
        total += await back.get()
    await there.put(None)
    await task
    print(total)

asyncio.run(main())
