"""Sockets of this machine that no box and no page may reach, and what reached them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field


@dataclass
class Listener:
    """Sockets on this machine that no box may reach, and what reached them."""

    port: int = 0
    path: str = ""
    reached: list[str] = field(default_factory=list)

    @contextmanager
    def listening(self, mark: str) -> Iterator[Listener]:
        """TCP and UDP on the loopback, a unix socket in /tmp and an abstract one."""
        with ExitStack() as opened:
            tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.port = tcp.getsockname()[1]
            udp = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", self.port))
            self.path = f"/tmp/{mark}.listener"
            for name, address in (("unix", self.path), ("abstract", f"\0{mark}")):
                unix = opened.enter_context(socket.socket(socket.AF_UNIX))
                unix.bind(address)
                unix.listen()
                threading.Thread(target=self._accept, args=(name, unix), daemon=True).start()
            os.chmod(self.path, 0o777)
            opened.callback(os.unlink, self.path)
            threading.Thread(target=self._accept, args=("tcp", tcp), daemon=True).start()
            threading.Thread(target=self._receive, args=(udp,), daemon=True).start()
            yield self

    def _accept(self, name: str, server: socket.socket) -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
            self.reached.append(name)

    def _receive(self, udp: socket.socket) -> None:
        while True:
            try:
                udp.recv(100)
            except OSError:
                return
            self.reached.append("udp")
