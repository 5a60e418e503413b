# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server refuses, and that the reason reaches its log and its client, stock or ours; with a
fallback the client compiles at home."""

import pytest

from lib import peers, wire

WORDS = {
    "a plugin": (["-fplugin=/tmp/x.so"], "-fplugin=/tmp/x.so"),
    "an output elsewhere": (["-fdump-tree-all=/tmp/x"], "-fdump-tree-all=/tmp/x"),
}


@pytest.mark.parametrize("name", WORDS)
def test_the_reason_is_answered_and_logged(our_server, name):
    words, told = WORDS[name]
    server = our_server()
    answer = wire.ask(server.port, wire.plain(["gcc", *words, "-c", "x.c", "-o", "x.o"]))
    assert answer["STAT"] == 113 << 8 and answer["DOTO"] == b""
    assert told.encode() in answer["SERR"]
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
