"""A server for health-check.rnl: answers every connection on a port of 127.0.0.1 with a line of HTTP, as its manner says.

    tiny-server.py MANNER      steady | flaky (the first two connections are dropped) | slow (ten seconds for an answer)

Says on which port it listens (one that was free) in its first line of output.
"""
import socket, sys, time

manner = sys.argv[1]
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
count = 0
while True:
    client, _ = server.accept()
    count += 1
    if manner == "flaky" and count <= 2:
        client.close()
        continue
    try:
        client.recv(4096)
        if manner == "slow": time.sleep(10)
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
    except OSError: pass
    client.close()
