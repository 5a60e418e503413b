# SPDX-License-Identifier: GPL-2.0-or-later
"""Real projects, built here and built in a network namespace with nothing in it, through the gateway
and servers of distcc 3.4: every object and every dependency file is equal, the farm does at least
95 % of the compiles, and the summary explains each of the others.

"test/run --soak packages" takes three of Debian's source packages, in C, in C++ and in both; CI
takes some of our own sources."""

import os
import re
import subprocess

import pytest

from lib import equality, peers, sources, wait

SOAK = bool(os.environ.get("DISTCC_SOAK"))
RESULT = re.compile(r"result: source=(.*) where=(\w+) server=\S+ reason=(\S+) ms=")
# They make no object, or run a test of configure's: no compiles of the project.
NO_COMPILES = ("not-a-compile", "preprocess-only", "conftest", "no-input")

OWN = sources.Project(
    "own", "C", ":",
    "make -s -j{jobs} -f objects.mk CC='{launcher} {cc}' CFLAGS='-O1 -Wall -Wextra {flags}'", at_least=20)
OWN_MAKEFILE = """FOLDERS = wire compiler hosts
SOURCES := $(foreach folder,$(FOLDERS),$(wildcard src/$(folder)/*.c))
all: $(SOURCES:.c=.o)
%.o: %.c ; $(CC) $(CFLAGS) -D_GNU_SOURCE -Isrc -MD -MP -c -o $@ $<
"""


def products(tree):
    """The objects and dependency files of a build, as bytes by name."""
    names = subprocess.run(["find", ".", "-type", "f", "(", "-name", "*.o", "-o", "-name", "*.d", ")", "-print0"], cwd=tree,
                           capture_output=True, check=True).stdout.split(b"\0")
    return {name.decode(): (tree / name.decode()).read_bytes() for name in names if name}


def different(here, there, compiler, has_debug):
    """Names of what is not equal. Clang numbers the files in debug sections differently: there only the code is compared."""
    def same(name):
        a, b = here[name], there[name]
        if a == b:
            return True
        if not has_debug or not name.endswith(".o") or equality.strip_debug(a) != equality.strip_debug(b):
            return False
        return compiler == "clang" or equality.debug_but_columns(a) == equality.debug_but_columns(b)
    return [name for name in here if not same(name)]


def check_the_summary(log, results, project):
    """It counts what the log's lines say, and each local job has a row with a reason."""
    done = subprocess.run([peers.CLIENT, "--summary", log], env=peers.clean_env(), capture_output=True, text=True, check=True)
    print(f"\n{project.package} ({project.languages})\n{done.stdout}", end="")
    remote = sum(where == "remote" for _, where, _ in results)
    local = sum(where == "local" for _, where, _ in results)
    assert done.stdout.startswith(f"{remote + local} jobs: {remote} remote, {local} local, 0 without a place\n")
    if local:
        rows = re.findall(r"^ *(\d+)  (.*)$", done.stdout.partition("local:\n")[2], re.MULTILINE)
        assert sum(int(n) for n, _ in rows) == local
        assert not [text for _, text in rows if text.startswith("other") or len(text.split()) < 2]


CASES = [(OWN, "gcc", ""), (OWN, "gcc", "-g"), (OWN, "clang", "-g")] if not SOAK else [
    (project, compiler, flags) for project in sources.PROJECTS.values() for compiler in project.compilers for flags in ("", "-g")]


@pytest.mark.parametrize("project, compiler, flags", CASES, ids=[" ".join((p.package, c, f)).strip() for p, c, f in CASES])
def test_a_build_in_a_sandbox_gives_what_a_build_here_gives(base, stock_server, gateway, project, compiler, flags):
    tree = base / "tree"

    def build(env, **more):
        if project is not OWN:
            sources.unpack(project.package, tree)
        else:
            subprocess.run(f"rm -rf {tree} && mkdir {tree} && cp -r {peers.TOP}/src {tree}/", shell=True, check=True)
            (tree / "objects.mk").write_text(OWN_MAKEFILE)
        sources.run(project.configure, project, compiler, tree, {**env, "DISTCC_LOG": str(base / "configure.log")}, flags, **more)
        sources.run(project.build, project, compiler, tree, env, flags, **more)
        return products(tree)
    here = build(peers.clean_env(HOME="/nonexistent"))

    server = stock_server(jobs=sources.JOBS)
    host = gateway(f"{server.host}/{sources.JOBS},lzo").host
    log = base / "build.log"
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=host, DISTCC_FALLBACK="0", DISTCC_LOG=log)
    there = build(env, launcher=peers.CLIENT, prefix=["unshare", "-n"])

    results = RESULT.findall(log.read_text(errors="replace"))
    compiles = [(source, where, reason) for source, where, reason in results if reason not in NO_COMPILES]
    remote = sum(where == "remote" for _, where, _ in compiles)
    check_the_summary(log, results, project)
    assert len(compiles) >= project.at_least
    assert remote >= 0.95 * len(compiles), [one for one in compiles if one[1] != "remote"]
    # configure's tests may be among the server's, but not instead of them
    wait.until(lambda: server.count() >= remote, f"{remote} jobs at the server")
    assert sorted(here) == sorted(there)
    assert len([name for name in here if name.endswith(".o")]) >= project.at_least
    assert not different(here, there, compiler, has_debug=bool(flags))
