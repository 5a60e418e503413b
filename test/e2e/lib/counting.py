# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP forwarder in front of a server that counts, event by event, how many connections are open
at once: what a sampling test could miss."""

import selectors
import socket
import threading


class CountingProxy:
    """Forwards 127.0.0.1:port to a server; `most` is the highest number of open connections."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.most = 0
        self.total = 0
        self.now = 0

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(256)
        self.port = self.listener.getsockname()[1]
        self.wake_read, self.wake_write = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.wake_write.close()
        self.thread.join(timeout=10)
        self.listener.close()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def _accept(self, selector):
        near, _ = self.listener.accept()
        far = socket.create_connection(("127.0.0.1", self.target_port))
        self.now += 1
        self.total += 1
        self.most = max(self.most, self.now)
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)

    def _forward(self, selector, sock, other):
        try:
            data = sock.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        self.now -= 1
        for one in (sock, other):
            selector.unregister(one)
            one.close()

    def _serve(self, selector, events):
        """Handles all but new connections; True when one of those waits."""
        knocking = False
        for key, _ in events:
            if key.fileobj is self.listener:
                knocking = True
            elif key.fileobj is not self.wake_read and key.fileobj.fileno() >= 0:
                self._forward(selector, key.fileobj, key.data)
        return knocking

    def _run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ, None)
            selector.register(self.wake_read, selectors.EVENT_READ, None)
            while True:
                events = selector.select()
                if any(key.fileobj is self.wake_read for key, _ in events):
                    return
                if self._serve(selector, events):
                    # A close that was done before this connect is here by now: it counts first.
                    self._serve(selector, selector.select(0))
                    self._accept(selector)
