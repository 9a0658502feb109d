# 50,000 tasks that sleep are cancelled, and waited for.
import asyncio


async def main():
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(50000)]
    await asyncio.sleep(0)
    for task in tasks: task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(sum(task.cancelled() for task in tasks))

asyncio.run(main())
