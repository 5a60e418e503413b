# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache behind the server: real ccache as the program that runs compilers, with a directory that it may
write, wholly confined. What is compiled once is not compiled again, by whichever worker, after a restart too."""

import contextlib
import http.server
import socketserver
import subprocess
import threading

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


# ccache starts compilers by distccd itself, whose sanitizer wants terabytes of addresses and misses /proc.
ROOM = ["--job-memory=33554432"] if peers.is_sanitized() else []


def with_cache(cache):
    return ["--sandbox=require", "--compiler-prefix=ccache", "--cache-dir", cache, *ROOM]


def said(reply):
    return [line for line in reply["SERR"].splitlines() if not (ROOM and b"WARNING: reading executable name" in line)]


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


# ------------------------------------------------------------------ storage behind a socket, for the cache alone

class HttpStorage(http.server.BaseHTTPRequestHandler):
    """What ccache needs of an HTTP server."""
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        body = self.server.stored.get(self.path)
        self.answer(404 if body is None else 200, body or b"")

    def do_PUT(self):  # pylint: disable=invalid-name
        self.server.stored[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class RedisStorage(socketserver.StreamRequestHandler):
    """What ccache needs of redis: GET and SET."""

    def word(self):
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:-2]

    def handle(self):
        while line := self.rfile.readline():
            words = [self.word() for _ in range(int(line[1:]))]
            if words[0].upper() == b"SET":
                self.server.stored[words[1]] = words[2]
                self.wfile.write(b"+OK\r\n")
            elif words[0].upper() == b"GET":
                body = self.server.stored.get(words[1])
                self.wfile.write(b"$-1\r\n" if body is None else b"$%d\r\n%s\r\n" % (len(body), body))
            else:
                self.wfile.write(b"+OK\r\n")


@contextlib.contextmanager
def running(server):
    server.stored = {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def http_storage(stack):
    return stack.enter_context(running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), HttpStorage)))


@pytest.fixture
def redis_storage(stack, base):
    path = base / "redis" / "socket"
    path.parent.mkdir()
    server = UnixServer(str(path), RedisStorage)
    path.chmod(0o666)
    return stack.enter_context(running(server))


def reached_by(storage):
    """(CCACHE_REMOTE_STORAGE, --cache-socket)"""
    if isinstance(storage.server_address, str):
        return f"redis+unix:{storage.server_address}", f"unix:{storage.server_address}"
    return f"http://127.0.0.1:{storage.server_address[1]}", f"127.0.0.1:{storage.server_address[1]}"


@pytest.fixture(params=["http_storage", "redis_storage"])
def storage(request):  # pylint: disable=redefined-outer-name
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("version", [1, 3])
def test_servers_share_a_storage_behind_a_socket(start, base, storage, version):
    url, address = reached_by(storage)
    objects = []
    for name in ("one", "other"):
        own = base / name
        own.mkdir()
        own.chmod(0o777)
        server = start(*with_cache(own), "--cache-socket", address, env={"CCACHE_REMOTE_STORAGE": url})
        reply = wire.ask(server.port, request(version, ["-O2"]))
        assert reply["STAT"] == 0 and not said(reply), reply
        objects.append(reply["DOTO"])
        server.stop()
    assert objects[0] and objects[0] == objects[1]
    assert storage.stored
    assert count(base / "one") == (0, 1) and count(base / "other") == (1, 0)


# A compiler that tells what it can reach, and compiles.
CURIOUS = """#!/usr/bin/python3 -I
import os, socket, sys
def attempt(name, act):
    try:
        act()
        print("REACHED", name, file=sys.stderr)
    except OSError:
        print("held", name, file=sys.stderr)
attempt("cache", lambda: open("{cache}/poison", "w"))
attempt("list", lambda: os.listdir("{cache}"))
attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect("{unix}"))
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", {port})))
os.execv("/usr/bin/gcc", ["gcc", *sys.argv[1:]])
"""
REACH = ("cache", "list", "unix", "tcp")


@pytest.mark.parametrize("version", [1, 3])
def test_what_the_cache_has_is_not_the_compilers(start, cache, base, http_storage, redis_storage, version):
    """Neither its directory nor its sockets: ccache has both, and stores what such a compiler makes."""
    compiler = base / "bin" / "gcc"
    compiler.parent.mkdir()
    compiler.write_text(CURIOUS.format(cache=cache, unix=redis_storage.server_address, port=http_storage.server_address[1]))
    compiler.chmod(0o755)
    sockets = [word for storage in (http_storage, redis_storage) for word in ("--cache-socket", reached_by(storage)[1])]
    inside = ["--sandbox=require", "--enable-tcp-insecure", "--cache-dir", cache, "--tool", compiler.parent, *ROOM]
    server = start(*inside, *sockets, "--compiler-prefix=ccache", env={"CCACHE_REMOTE_STORAGE": reached_by(http_storage)[0]})
    argv = [str(compiler), "-O2", "-c", "a.c", "-o", "a.o"]
    job = wire.pump(argv, "/w", FILES) if version == 3 else wire.plain(argv, SOURCE, version=version)
    for _ in range(2):
        reply = wire.ask(server.port, job)
        assert reply["STAT"] == 0 and reply["DOTO"], reply
        assert b"REACHED" not in reply["SERR"], reply["SERR"]
        assert all(b"held " + name.encode() in reply["SERR"] for name in REACH), reply["SERR"]
    assert count(cache) == (1, 1) and http_storage.stored
    assert not (cache / "poison").exists()
    # by the prefix program itself both are reached: the walls above are not there by accident
    server = start(*inside, *sockets, f"--compiler-prefix={compiler}")
    reply = wire.ask(server.port, job)
    assert all(b"REACHED " + name.encode() in reply["SERR"] for name in REACH), reply["SERR"]
