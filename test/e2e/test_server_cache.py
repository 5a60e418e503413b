# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache behind the server: real ccache as the program that runs compilers, with a directory that it may
write, wholly confined. What is compiled once is not compiled again, by whichever worker, after a restart too."""

import subprocess

import pytest

from lib import peers, wire

SOURCE = b"# 1 \"/client/a.c\"\nint f(int a)\n{\n\tint unused;\n\treturn a * 3;\n}\n"
FILES = [("/w/a.c", b"#include \"a.h\"\nint f(int a) { return a * A; }\n"), ("/w/a.h", b"#define A 3\n"), wire.system_link("/usr/include")]


def request(version, options, compiler="gcc"):
    argv = [compiler, *options, "-c", "a.c", "-o", "a.o"]
    return wire.pump(argv, "/w", FILES) if version == 3 else wire.plain(argv, SOURCE, version=version)


@pytest.fixture
def cache(base):
    directory = base / "cache"
    directory.mkdir()
    directory.chmod(0o777)
    return directory


def statistics(cache):
    """{"direct_cache_hit": 1, ...}"""
    done = subprocess.run(["ccache", "--print-stats"], env=peers.clean_env(HOME=cache), capture_output=True,
                          text=True, check=True)
    return {name: int(value) for name, value in (line.split("\t") for line in done.stdout.splitlines())}


def count(cache):
    """(hits, misses)"""
    found = statistics(cache)
    return found["direct_cache_hit"] + found["preprocessed_cache_hit"], found["cache_miss"]


@pytest.fixture
def start(stack, base):
    """start(extra...) -> a server; all of them in one $TMPDIR, as one server after its restart would be."""
    def begin(*extra, env=None):
        return stack.enter_context(peers.our_server(base / "tmp", jobs=2, extra=extra, env=env))
    return begin


def with_cache(cache):
    return ["--sandbox=require", "--compiler-prefix=ccache", "--cache-dir", cache]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("options", [["-O2", "-Wall"], ["-O1", "-g"]], ids=["plain", "debug"])
def test_the_second_compile_is_a_hit(start, cache, version, options, compiler):
    server = start(*with_cache(cache))
    first = wire.ask(server.port, request(version, options, compiler))
    assert first["STAT"] == 0 and first["DOTO"], first
    assert count(cache) == (0, 1)
    # another server: other directories of jobs
    for other in (server, start(*with_cache(cache))):
        again = wire.ask(other.port, request(version, options, compiler))
        assert again == first
    assert count(cache) == (2, 1), statistics(cache)
    # and what comes from the cache is what a compiler gives
    assert first["DOTO"] == wire.ask(start().port, request(version, options, compiler))["DOTO"]


def test_servers_share_a_cache_in_a_directory(start, cache, base):
    """One that all machines mount, say, behind the one of this machine."""
    shared = base / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    objects = []
    for name in ("one", "other"):
        own = base / name
        own.mkdir()
        own.chmod(0o777)
        server = start(*with_cache(own), "--cache-dir", shared, env={"CCACHE_REMOTE_STORAGE": f"file:{shared}"})
        objects.append(wire.ask(server.port, request(1, ["-O2"]))["DOTO"])
        server.stop()
    assert objects[0] and objects[0] == objects[1]
    assert count(base / "one") == (0, 1) and count(base / "other") == (1, 0)
    assert not list(cache.iterdir())


def test_a_job_that_fails_or_is_refused_leaves_the_cache_as_it_was(start, cache):
    server = start(*with_cache(cache))
    bad = wire.ask(server.port, wire.plain(["gcc", "-c", "a.c", "-o", "a.o"], b"int\n"))
    assert bad["STAT"] == 1 << 8 and b"error" in bad["SERR"]
    refused = wire.ask(server.port, wire.plain(["gcc", "-fplugin=x", "-c", "a.c", "-o", "a.o"]))
    assert refused["STAT"] == 113 << 8
    assert count(cache)[0] == 0
    good = wire.ask(server.port, request(1, ["-O2"]))
    assert good["STAT"] == 0


def test_the_walls_stand_around_the_prefix_program_too(start, cache, base):
    """It writes its cache and nothing else."""
    outside = base / "outside"
    outside.mkdir()
    outside.chmod(0o777)
    program = base / "prefix"
    program.write_text(f"#!/bin/sh\n: >{cache}/inside\ntouch {outside}/out 2>/dev/null\ncat /etc/passwd 2>/dev/null\nexec \"$@\"\n")
    program.chmod(0o755)
    server = start("--sandbox=require", f"--compiler-prefix={program}", "--cache-dir", cache, "--tool", "/bin", "--tool", "/usr/bin")
    reply = wire.ask(server.port, request(1, ["-O2"]))
    assert reply["STAT"] == 0 and b"root:" not in reply["SOUT"], reply
    assert (cache / "inside").exists() and not list(outside.iterdir())
