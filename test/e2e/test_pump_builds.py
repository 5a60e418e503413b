# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole builds in pump mode, from a place without a network: every unit goes to the farm as sources, and what comes
back is what a local build gives.

A small project in C and C++ here; test/run --soak pump builds 300 units of each, and three real packages.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

import pytest

from lib import equality, packages, peers
from lib.pump import PUMP
from lib.sandbox import unshare_net

SOAK = bool(os.environ.get("DISTCC_SOAK"))
N_C, N_CXX = (300, 300) if SOAK else (24, 6)
N_HEADERS = 17


def generate(top):
    """Sources with headers of their own, computed includes, templates. [(cwd, words)]"""
    (top / "include" / "parts").mkdir(parents=True)
    (top / "obj").mkdir()
    (top / "include" / "common.h").write_text("#pragma once\n#define STR_(x) #x\n#define STR(x) STR_(x)\n#define PART(n) STR(parts/part##n.h)\n")
    for number in range(N_HEADERS):
        (top / "include" / "parts" / f"part{number}.h").write_text(
            f"#ifndef PART{number}\n#define PART{number} {number}\n" +
            (f"#include <parts/part{number // 2}.h>\n" if number else "") +
            f"static inline int part{number}(int a) {{ return a * {number} + PART{number // 2}; }}\n#endif\n")
    commands = []
    for number in range(N_C):
        part = number % N_HEADERS
        (top / f"c{number}.c").write_text(
            f"#include <stdio.h>\n#include \"common.h\"\n#include PART({part})\nint c{number}(int a)\n{{\n"
            f"\tint unused;\n\tprintf(\"%s %d\", __FILE__, __LINE__);\n\treturn part{part}(a);\n}}\n")
        include = f"-I{top}/include" if number % 3 == 0 else "-Iinclude"
        commands.append((str(top), ["gcc", "-g", "-O1", "-Wall", include, "-MMD", "-MP", "-c", f"c{number}.c", "-o", f"obj/c{number}.o"]))
    for number in range(N_CXX):
        part = number % N_HEADERS
        (top / f"x{number}.cc").write_text(
            f"#include <string>\n#include <vector>\n#include \"common.h\"\n#include <parts/part{part}.h>\ntemplate <int N> struct T {{ std::vector<int> v; }};\n"
            f"std::string x{number}(int a)\n{{\n\tT<{number}> t;\n\tt.v.push_back(part{part}(a));\n\treturn std::to_string(t.v.size()) + __FILE__;\n}}\n")
        commands.append((str(top), ["g++", "-g", "-Iinclude", "-MD", "-c", f"x{number}.cc", "-o", f"obj/x{number}.o"]))
    return commands


class Build:
    """A makefile of such commands, done with or without a wrapper."""

    def __init__(self, directory, commands):
        self.directory = directory
        self.commands = commands
        self.outputs = [self.output(cwd, words) for cwd, words in commands]
        self.dependencies = [self.dependency(output, cwd, words) for output, (cwd, words) in zip(self.outputs, commands)]

    @staticmethod
    def output(cwd, words):
        return pathlib.Path(cwd) / (words[words.index("-o") + 1] if "-o" in words else pathlib.Path(words[-1]).with_suffix(".o").name)

    @staticmethod
    def dependency(output, cwd, words):
        return pathlib.Path(cwd) / words[words.index("-MF") + 1] if "-MF" in words else output.with_suffix(".d")

    def makefile(self, wrapper):
        path = self.directory / "Makefile.units"
        targets = [f"{output}:\n\t@cd {shlex.quote(cwd)} && {shlex.join([*wrapper, *words]).replace('$', '$$')}\n"
                   for output, (cwd, words) in zip(self.outputs, self.commands)]
        path.write_text(f"all: {' '.join(map(str, self.outputs))}\n" + "".join(targets))
        return path

    def run(self, wrapper, env, prefix=(), preexec=None):
        """The bytes of each object and dependency file, and what was said."""
        for output in (*self.outputs, *self.dependencies):
            output.unlink(missing_ok=True)
        done = subprocess.run([*prefix, "make", "-j3", "-k", "-f", self.makefile(wrapper), "all"], env=env, capture_output=True, text=True,
                              timeout=3000, check=False, stdin=subprocess.DEVNULL, preexec_fn=preexec)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        found = {str(output): output.read_bytes() for output in self.outputs}
        found.update({str(path): path.read_bytes() for path in self.dependencies if path.exists()})
        return found, sorted(line for line in done.stderr.splitlines() if "warning:" in line or "error:" in line)


# client, server, way, only in a soak?
WAYS = [("ours", "ours", "gateway", False), ("ours", "stock", "gateway", True), ("ours", "ours", "tcp", True), ("ours", "stock", "tcp", True),
        ("stock", "stock", "tcp", False), ("stock", "ours", "tcp", True), ("stock", "ours", "gateway", False), ("stock", "stock", "gateway", True)]


def check(build, way, client_env, our_server, stock_server, gateway, base, here=None):
    """here: what a local build has given before, if there was one."""
    client, server_kind, route, _ = way
    server = our_server(jobs=4) if server_kind == "ours" else stock_server(jobs=4)
    strip = server_kind == "stock"
    local, said = here or build.run([], client_env(""))
    local = {name: equality.strip_debug(content) if strip else content for name, content in local.items()}
    temporary = base / "tmp"
    temporary.mkdir()
    more = {"DISTCC_LOG": base / "client.log", "DISTCC_VERBOSE": "1", "TMPDIR": temporary, "DISTCC_LOCATION": peers.BUILD, "DISTCC_TESTING_INCLUDE_SERVER": "1"}
    hosts = f"{server.host}/4,cpp,lzo"
    if route == "gateway":
        front = gateway(f"{server.host}/4,cpp,lzo")
        hosts = f"unix:{front.path}"
        if client == "stock":       # it knows no such host, but what to run instead of ssh
            hosts = "@gateway/4,cpp,lzo"
            more.update(DISTCC_SSH=peers.TOP / "contrib" / "distcc-gw-ssh", DISTCC_GW_SOCKET=front.path)
    wrapper = [str(peers.CLIENT if client == "ours" else peers.STOCK_CLIENT)]
    there, said_there = build.run(wrapper, client_env(hosts, **more), prefix=[PUMP], preexec=unshare_net if route == "gateway" else None)
    if strip:
        there = {name: equality.strip_debug(content) for name, content in there.items()}
    if client == "stock":
        # it takes over the line breaks of the server's longer names
        for files in (local, there):
            files.update({name: files[name].replace(b"\\\n", b" ").split() for name in files if name.endswith(".d")})
    assert not [name for name in local if local[name] != there[name]]
    assert sorted(local) == sorted(there) and said_there == said
    server.wait_count(len(build.commands))
    log = (base / "client.log").read_text()
    # the stock client, with DISTCC_FALLBACK=0 and DISTCC_TESTING_INCLUDE_SERVER, fails where it would not use pump mode
    assert not re.findall("mode=plain reason=.*", log)
    assert not list(temporary.iterdir())
    print(f"\n{len(build.commands)} units by {server.count()} jobs, all equal, {sum(name.endswith('.d') for name in there)} dependency files")


@pytest.mark.parametrize("way", [way for way in WAYS if SOAK or not way[3]], ids=lambda way: " ".join(way[:3]))
def test_a_project_whose_every_unit_is_sent_as_sources(way, client_env, our_server, stock_server, gateway, base):
    check(Build(base, generate(base / "project")), way, client_env, our_server, stock_server, gateway, base)


LOCAL = {}      # package -> what its build gives here, once for all ways


@pytest.mark.skipif(not SOAK, reason="soak only: needs a package mirror and minutes")
@pytest.mark.parametrize("name, way", [(name, way) for name in packages.PACKAGES for way in WAYS if name in ("git", "poco") or not way[3]],
                         ids=lambda value: value if isinstance(value, str) else " ".join(value[:3]))
def test_a_package_whose_every_unit_is_sent_as_sources(name, way, client_env, our_server, stock_server, gateway, base):
    """With debug information in every other one."""
    commands = packages.compile_commands(name)
    if name == "poco":      # which has more units in C++ than are needed
        commands = [(cwd, words) for cwd, words in commands if words[0].endswith("++")][:310]
    commands = [(cwd, [words[0], *(["-g"] if number % 2 else []), *words[1:]]) for number, (cwd, words) in enumerate(commands)]
    if name not in LOCAL:
        LOCAL[name] = Build(base, commands).run([], client_env(""))
    if way[0] == "stock":       # it sends -MQ as it is, and no server of 3.4 knows that
        commands = [(cwd, ["-MT" if word == "-MQ" else word for word in words]) for cwd, words in commands]
    build = Build(base, commands)
    check(build, way, client_env, our_server, stock_server, gateway, base, LOCAL[name])


def test_starts_and_ends_leave_nothing(base, client_env):
    """A thousand in a soak: no process, no directory, no mirror."""
    temporary = base / "tmp"
    temporary.mkdir()
    with tempfile.TemporaryDirectory(prefix="distcc-area-", dir="/tmp") as area:
        env = client_env("127.0.0.1:1,cpp,lzo", TMPDIR=temporary, DISTCC_LOCATION=peers.BUILD, DISTCC_CLIENT_TMP=area)
        (base / "t.c").write_text("")
        script = (f'eval "$({PUMP} --startup)"; test -S "$INCLUDE_SERVER_PORT" || exit 9; {peers.CLIENT} --scan-includes gcc -c t.c >/dev/null || exit 8; '
                  f'echo $INCLUDE_SERVER_PID; {PUMP} --shutdown')
        for number in range(1000 if SOAK else 6):
            shell = shutil.which("dash") if number % 2 else "busybox"
            done = subprocess.run([shell, *(["ash"] if shell == "busybox" else []), "-c", script], cwd=base, env=env, capture_output=True, text=True,
                                  timeout=60, check=False)
            assert done.returncode == 0, done
            assert not pathlib.Path(f"/proc/{done.stdout.strip()}/exe").exists()
            assert not list(temporary.iterdir()) and not list(pathlib.Path(area).iterdir())
