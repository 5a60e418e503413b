# SPDX-License-Identifier: GPL-2.0-or-later
"""A proxy in front of a healthy server that can be told to fail, and to stop failing."""

import contextlib
import select
import socket
import struct
import threading

from lib import peers

PASS, REFUSE, HOLE, RESET, STALL, STALL_REPLY = "pass", "refuse", "hole", "reset", "stall", "stall-reply"
REPLY_LET_THROUGH = 30
LOOK_S = 0.05


class FaultyProxy:
    """Listens on a loopback port; `set_mode()` at any time, also for connections that exist."""

    def __init__(self, port):
        self.server_port = port
        self.port = peers.free_port()
        self.mode = PASS
        self.listener = None
        self.fillers = []
        self.threads = []
        self.ended = False
        self.lock = threading.Lock()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.set_mode(PASS)
        return self

    def __exit__(self, *_):
        self.ended = True
        self._stop_listening()
        for thread in self.threads:
            thread.join(timeout=10)

    def _stop_listening(self):
        for sock in self.fillers:
            sock.close()
        self.fillers = []
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def set_mode(self, mode):
        """From now on. REFUSE and RESET end what goes on, HOLE and STALL freeze it."""
        self._stop_listening()
        self.mode = mode
        if mode == REFUSE:
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(0 if mode == HOLE else 128)
        if mode == HOLE:
            for _ in range(2):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", self.port))
                self.fillers.append(filler)
            return
        self._run(self._accept, self.listener)

    def _run(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._run(self._serve, client)

    def _serve(self, client):
        with client, socket.socket() as server:
            if self.mode == PASS or self.mode == STALL_REPLY:
                server.connect(("127.0.0.1", self.server_port))
            replied = 0
            frozen = False
            while not self.ended:
                mode = self.mode
                if mode in (REFUSE, RESET):
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                frozen = frozen or mode in (HOLE, STALL) or (mode == STALL_REPLY and replied >= REPLY_LET_THROUGH)
                # what is frozen stays so, and ends when the other side gives up
                ready, _, _ = select.select([client] if frozen else [client, server], [], [], LOOK_S)
                for sock in ready:
                    try:
                        data = sock.recv(REPLY_LET_THROUGH if mode == STALL_REPLY and sock is server else 65536)
                        if not data:
                            return
                        if not frozen:
                            (client if sock is server else server).sendall(data)
                        replied += len(data) if sock is server else 0
                    except OSError:
                        return
