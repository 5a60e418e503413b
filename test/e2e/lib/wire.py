# SPDX-License-Identifier: GPL-2.0-or-later
"""The distcc protocol as bytes, written from its description and not from our code: requests of all
versions, replies as dicts. With LZO by the system's library."""

import ctypes
import ctypes.util
import functools
import socket


@functools.cache
def _lzo():
    return ctypes.CDLL(ctypes.util.find_library("lzo2") or "liblzo2.so.2")


def store(data):
    """A valid LZO1X block without any compression."""
    if not data:
        return b""
    if len(data) <= 238:
        return bytes([17 + len(data)]) + data + b"\x11\0\0"
    q, r = divmod(len(data) - 18 - 1, 255)
    return b"\0" + b"\0" * q + bytes([r + 1]) + data + b"\x11\0\0"


OUTPUT_OVERRUN = -5


def expand(data, limit=64 << 20):
    if not data:
        return b""
    room = min(limit, 8 * len(data) + 4096)
    while True:
        out = ctypes.create_string_buffer(room)
        length = ctypes.c_ulong(room)
        result = _lzo().lzo1x_decompress_safe(data, len(data), out, ctypes.byref(length), None)
        if result != OUTPUT_OVERRUN or room == limit:
            assert result == 0, result
            return out[:length.value]
        room = min(limit, room * 8)


def token(name, value):
    return b"%s%08x" % (name.encode(), value)


def text(name, value):
    value = value.encode() if isinstance(value, str) else value
    return token(name, len(value)) + value


def command(argv):
    return token("ARGC", len(argv)) + b"".join(text("ARGV", word) for word in argv)


def plain(argv, source=b"int x;\n", version=1):
    return token("DIST", version) + command(argv) + text("DOTI", source if version == 1 else store(source))


def pump(argv, cwd, files):
    """files: a list of (name, bytes) for a file, (name, str) for a link."""
    out = token("DIST", 3) + text("CDIR", cwd) + command(argv) + token("NFIL", len(files))
    for name, content in files:
        out += text("NAME", name)
        out += text("FILE", store(content)) if isinstance(content, bytes) else text("LINK", content)
    return out


def system_link(path):
    """How clients name a directory that the server has itself."""
    return path, "../" * (20 + path.count("/")) + path.lstrip("/")


def parse(data):
    """{"DONE": 1, "STAT": 0, "SERR": b"", ...}, bodies expanded; {} for a server that only closed."""
    reply = {}
    while data:
        name, value, data = data[:4].decode(), int(data[4:12], 16), data[12:]
        if name in ("DONE", "STAT"):
            reply[name] = value
            continue
        assert len(data) >= value, (name, value, len(data))
        body, data = data[:value], data[value:]
        reply[name] = body if reply["DONE"] == 1 else expand(body)
    return reply


def ask(port, data, timeout=60):
    """Sends all and reads to the end; a server that closes early is no error."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        try:
            sock.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass
        try:
            while piece := sock.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return parse(answer)
