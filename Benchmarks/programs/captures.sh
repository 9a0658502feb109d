n=0
for ((i = 0; i < 500; i++)); do x=$(/bin/echo $i); n=$((n + ${#x})); done
echo $n
