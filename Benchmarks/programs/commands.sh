for ((i = 0; i < 1000; i++)); do /bin/true; done
