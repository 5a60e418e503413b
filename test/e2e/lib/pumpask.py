# SPDX-License-Identifier: GPL-2.0-or-later
"""The include server's socket protocol, as clients speak it."""

import os
import socket


def request(cwd, words):
    """One request's bytes; words and cwd as text, path or bytes."""
    cwd, words = os.fsencode(cwd), [os.fsencode(word) for word in words]
    return b"".join((b"CDIR%08x" % len(cwd), cwd, b"ARGC%08x" % len(words), *(b"ARGV%08x" % len(word) + word for word in words)))


def talk(path, *parts, close=False, timeout_s=60):
    """What the include server answers to these bytes."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout_s)
        sock.connect(str(path))
        for part in parts:
            sock.sendall(part)
        if close:
            return b""
        data = b""
        while part := sock.recv(65536):
            data += part
    return data


def names(path, cwd, words):
    """The names of an answer; none if the command is not covered."""
    data = talk(path, request(cwd, words))
    assert data[:4] == b"ARGC", data
    found, at = [], 12
    for _ in range(int(data[4:12], 16)):
        assert data[at:at + 4] == b"ARGV"
        length = int(data[at + 4:at + 12], 16)
        found.append(os.fsdecode(data[at + 12:at + 12 + length]))
        at += 12 + length
    assert at == len(data)
    return found
