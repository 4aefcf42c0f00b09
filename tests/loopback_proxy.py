"""A wire between the program and the tests' PostgreSQL that can be cut, or go silent, without touching the server."""

import select
import socket
import threading
from contextlib import suppress
from enum import Enum

CHUNK = 65536


class Wire(Enum):
    """UP carries everything; DOWN refuses and cuts; SILENT cuts what was there, accepts, and never answers."""

    UP = "up"
    DOWN = "down"
    SILENT = "silent"


class LoopbackProxy:
    """Listens on a loopback port of its own (`port`) for the server at `target`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._state = Wire.UP
        self._lock = threading.Lock()
        self._closing = False
        self._open: list[socket.socket] = []
        self._silent: list[socket.socket] = []
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def turn(self, state: Wire) -> None:
        """Change what the wire does; what was connected is cut."""
        with self._lock:
            self._state = state
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()
            for each in self._silent:
                each.close()
            self._silent.clear()

    def close(self) -> None:
        """Cut everything and stop listening."""
        self._closing = True
        self.turn(Wire.DOWN)
        self._listener.close()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing or self._state is Wire.DOWN:
                    near.close()
                    continue
                if self._state is Wire.SILENT:
                    self._silent.append(near)
                    continue
                self._open.append(near)
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open.append(far)
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        with suppress(OSError, ValueError), near, far:
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(CHUNK)
                    if not data:
                        return
                    other[ready].sendall(data)
