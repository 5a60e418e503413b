# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server refuses, and that the reason reaches its log and its client, stock or ours; with a
fallback the client compiles at home."""

import socket

import pytest

from lib import peers

WORDS = {
    "a plugin": (["-fplugin=/tmp/x.so"], "-fplugin=/tmp/x.so"),
    "an output elsewhere": (["-fdump-tree-all=/tmp/x"], "-fdump-tree-all=/tmp/x"),
}


def request(argv, source=b"int x;\n", version=1):
    """The bytes of a plain request."""
    out = b"DIST%08xARGC%08x" % (version, len(argv))
    for word in argv:
        word = word.encode() if isinstance(word, str) else word
        out += b"ARGV%08x" % len(word) + word
    return out + b"DOTI%08x" % len(source) + source


def ask(server, data):
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(data)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("name", WORDS)
def test_the_reason_is_answered_and_logged(our_server, name):
    words, told = WORDS[name]
    server = our_server()
    answer = ask(server, request(["gcc", *words, "-c", "x.c", "-o", "x.o"]))
    assert answer.startswith(b"DONE00000001STAT00007100SERR")
    assert told.encode() in answer and answer.endswith(b"SOUT00000000DOTO00000000")
    server.wait_log(f"option '{told}' is refused")
    assert server.count() == 0


@pytest.mark.parametrize("client", [peers.CLIENT, peers.STOCK_CLIENT], ids=["our client", "stock client"])
def test_an_unlisted_compiler_is_named_and_compiled_at_home(our_server, workplace, client_env, base, client):
    odd = base / "bin"
    odd.mkdir()
    (odd / "gcc-odd").symlink_to("/usr/bin/gcc")
    server = our_server()
    env = client_env(server.host, PATH=f"{odd}:/usr/bin:/bin")
    command = [client, "gcc-odd", "-c", "hello.c", "-o", "hello.o"]
    refused = workplace.run(command, env)
    assert refused.rc != 0
    assert b"gcc-odd not in" in refused.stderr and b"update-distcc-symlinks" in refused.stderr
    env["DISTCC_FALLBACK"] = "1"
    done = workplace.run(command, {**env, "DISTCC_BACKOFF_PERIOD": "0"})
    assert done.rc == 0 and "hello.o" in done.files
    server.wait_log("gcc-odd not in", count=2)
