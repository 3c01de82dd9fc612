"""Answers on one port, over TCP and UDP, with the address of whoever asks. Arguments: address, port or 0. Prints the port."""
import socket, sys, threading

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
tcp = socket.create_server((address, port), family=family, dualstack_ipv6=family == socket.AF_INET6)
udp = socket.socket(family, socket.SOCK_DGRAM)
if family == socket.AF_INET6:
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
udp.bind((address, tcp.getsockname()[1]))


def datagrams():
    while True:
        _, peer = udp.recvfrom(100)
        udp.sendto(peer[0].encode(), peer)


threading.Thread(target=datagrams, daemon=True).start()
print(tcp.getsockname()[1], flush=True)
while True:
    connection, peer = tcp.accept()
    with connection:
        connection.recv(100)
        connection.send(peer[0].encode())
