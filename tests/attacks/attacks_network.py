# ruff: noqa: E501  (code of attacks is data, and kept as a student would write it)
"""Attacks that reach for the network: this machine's loopback first, where the tests listen."""

from attack import Attack

TRY = """
import socket, struct
def attempt(name, action):
    try:
        print(name, "REACHED", action())
    except OSError as error:
        print("tried", name, error)
"""
NETWORK = [
    Attack("tcp", "network", "Connects over TCP to the loopback, by IPv4 and IPv6, and to the outside.",
           cells={"convnet": TRY + """
for address in (("127.0.0.1", @PORT@), ("localhost", @PORT@), ("::1", @PORT@), ("192.0.2.1", 80), ("169.254.169.254", 80)):
    attempt(address, lambda: socket.create_connection(address, timeout=0.5))
"""}),
    Attack("udp", "network", "Sends datagrams to the loopback and broadcasts.",
           cells={"convnet": TRY + """
for address in (("127.0.0.1", @PORT@), ("255.255.255.255", @PORT@), ("192.0.2.1", 53)):
    attempt(address, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", address))
"""}),
    Attack("names", "network", "Looks up names, whose letters could carry a message.",
           cells={"convnet": TRY + "attempt('name', lambda: socket.getaddrinfo('message.example.org', 80))\n"
                  "attempt('name', lambda: socket.gethostbyname('localhost.example.com'))"}),
    Attack("unix_sockets", "network", "Connects to unix sockets of this machine, by path and abstract, and passes descriptors.",
           cells={"convnet": TRY + """
for address in ("/tmp/@MARK@.listener", "\\0@MARK@", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0"):
    attempt(repr(address), lambda: socket.socket(socket.AF_UNIX).connect(address))
"""}),
    Attack("other_families", "network", "Opens sockets of other families: vsock to the host, raw, packet, netlink, bluetooth.",
           cells={"convnet": TRY + """
for family, kind in ((40, 1), (17, 3), (16, 3), (2, 3), (10, 3), (31, 3), (38, 5), (29, 3), (1, 3)):
    attempt((family, kind), lambda: socket.socket(family, kind).close() if family != 1 else socket.socketpair(40))
attempt("vsock", lambda: socket.socket(40, 1).connect((2, 1024)))
"""}),
    Attack("programs", "network", "Lets other programs do it: curl, pip, git, ssh, bash.",
           cells={"convnet": """
import subprocess, sys
for command in ("curl -m 1 http://127.0.0.1:@PORT@/", "wget -T 1 -t 1 -O- http://127.0.0.1:@PORT@/", "exec 3<>/dev/tcp/127.0.0.1/@PORT@",
                "git ls-remote git://127.0.0.1:@PORT@/x", f"{sys.executable} -c 'import urllib.request as u; u.urlopen(\\"http://127.0.0.1:@PORT@\\")'"):
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, timeout=20)
    print("tried", "REACHED" if done.returncode == 0 else done.stderr[-80:])
"""}),
    Attack("libraries", "network", "Lets libraries do it: downloads of weights and data, a process group of torch.",
           cells={"convnet": """
import os, torchvision, urllib.request
from torchvision.datasets.utils import download_url
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "@PORT@"}
for action in (lambda: urllib.request.urlopen("http://127.0.0.1:@PORT@", timeout=1),
               lambda: torch.hub.load_state_dict_from_url("http://127.0.0.1:@PORT@/x.pth"),
               lambda: download_url("http://127.0.0.1:@PORT@/x", "/tmp"),
               lambda: torch.distributed.TCPStore("127.0.0.1", @PORT@, is_master=False, timeout=__import__("datetime").timedelta(seconds=1))):
    try:
        print("REACHED", action())
    except Exception as error:
        print("tried", type(error).__name__)
"""}),
]  # fmt: skip
