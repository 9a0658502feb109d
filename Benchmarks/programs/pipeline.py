# Five million lines of a command through a filter and a function to a sum, as generators.
import subprocess

with subprocess.Popen(["seq", "5000000"], stdout=subprocess.PIPE, text=True) as seq:
    lines = (line.rstrip("\n") for line in seq.stdout)
    wanted = (line for line in lines if line.endswith("7"))
    numbers = (int(line) for line in wanted)
    print(sum(numbers))
