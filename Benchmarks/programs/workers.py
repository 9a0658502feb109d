# 5,000 small values to a worker process and back, one after the other.
from concurrent.futures import ProcessPoolExecutor


def same(i): return i


if __name__ == "__main__":
    with ProcessPoolExecutor(1) as workers: print(sum(workers.submit(same, i).result() for i in range(5000)))
