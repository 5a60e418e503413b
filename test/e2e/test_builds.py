# SPDX-License-Identifier: GPL-2.0-or-later
"""The client inside real build tools: masquerade directories, ccache both ways round, configure, CMake, ninja."""

import os
import re
import subprocess

import pytest

from lib import compare, equality, peers, sources

SOAK = bool(os.environ.get("DISTCC_SOAK"))
TOOLS_PATH = "/usr/bin:/bin"


@pytest.fixture
def masquerade(base):
    """A directory of links to the client, and one of links to ccache."""
    ours, ccache = base / "masquerade", base / "ccache"
    for directory, program in ((ours, peers.CLIENT), (ccache, "/usr/bin/ccache")):
        directory.mkdir()
        for name in ("gcc", "g++", "cc", "c++", "clang"):
            (directory / name).symlink_to(program)
    return ours, ccache


PATHS = {
    "once": "M:U",
    "twice": "M:M:U",
    "behind another": "X:M:U",
    "with a slash": "M/:U",
    "mixed twice": "M/:X:M:U",
    "stock's too": "M:/usr/lib/distcc:U",
}


@pytest.mark.parametrize("row", PATHS)
@pytest.mark.parametrize("explicit", [False, True], ids=["masquerade", "explicit"])
def test_a_masquerade_directory_in_any_place(workplace, client_env, stock_server, masquerade, base, row, explicit):
    """Also the explicit form below a masqueraded PATH, and the directory several times, where stock ends in 111."""
    server = stock_server()
    path = ":".join({"M": str(masquerade[0]), "M/": f"{masquerade[0]}/", "U": TOOLS_PATH, "X": str(base)}.get(part, part)
                    for part in PATHS[row].split(":"))
    env = client_env(server.host, PATH=path)
    local = workplace.run(["gcc", "-O2", "-c", "hello.c"], peers.clean_env())
    command = [peers.CLIENT, "gcc"] if explicit else ["sh", "-c", 'exec gcc "$@"', "sh"]
    compare.assert_same(local, workplace.run([*command, "-O2", "-c", "hello.c"], env))
    server.wait_count(1)
    link = workplace.run([*command, "hello.c", "-o", "prog"], env)
    assert (link.rc, link.stderr) == (0, b"")


def test_a_masquerade_by_its_full_name_and_by_a_relative_one(workplace, client_env, stock_server, masquerade):
    server = stock_server()
    local = workplace.run(["gcc", "-c", "hello.c"], peers.clean_env())
    compare.assert_same(local, workplace.run([masquerade[0] / "gcc", "-c", "hello.c"], client_env(server.host)))
    relative = os.path.relpath(masquerade[0] / "gcc", workplace.path)
    compare.assert_same(local, workplace.run([relative, "-c", "hello.c"], client_env(server.host)))
    server.wait_count(2)


@pytest.mark.parametrize("path", ["M", "/nonexistent:M"])
def test_a_masquerade_directory_without_a_compiler_behind_it_is_recursion(workplace, client_env, masquerade, path):
    env = client_env("localhost", PATH=path.replace("M", str(masquerade[0])))
    done = workplace.run([masquerade[0] / "gcc", "-c", "hello.c"], env)
    assert done.rc == 111
    assert b"distcc seems to have invoked itself recursively!" in done.stderr
    assert "hello.o" not in done.files


def test_distcc_of_distcc_is_recursion(workplace, client_env):
    done = workplace.run([peers.CLIENT, peers.CLIENT, "gcc", "-c", "hello.c"], client_env("localhost"))
    assert done.rc == 111
    assert b"recursively" in done.stderr


# --------------------------------------------------------------- ccache

def ccache_env(env, base, **more):
    return {**env, "CCACHE_DIR": str(base / "cache"), "CCACHE_COMPILERCHECK": "content", **{k: str(v) for k, v in more.items()}}


WAYS = {
    "ccache runs distcc": (["ccache", "gcc"], {"CCACHE_PREFIX": "CLIENT"}, "U"),
    "ccache's links run distcc": (["gcc"], {"CCACHE_PREFIX": "CLIENT"}, "C:U"),
    "ccache before distcc": (["gcc"], {}, "C:M:U"),
    "distcc runs ccache": (["CLIENT", "ccache", "gcc"], {}, "U"),
    "its prefix says so already": (["CLIENT", "ccache", "gcc"], {"CCACHE_PREFIX": "CLIENT"}, "U"),
    "distcc before ccache": (["gcc"], {}, "M:C:U"),
    "prefix and both directories": (["gcc"], {"CCACHE_PREFIX": "CLIENT"}, "C:M:U"),
    "prefix and both, the other way": (["gcc"], {"CCACHE_PREFIX": "CLIENT"}, "M:C:U"),
}
# In these the farm compiles, once. A masquerade in front of ccache's sends everything: it is right, and never from the cache.
REMOTE = ("ccache runs distcc", "ccache's links run distcc", "ccache before distcc", "distcc runs ccache", "its prefix says so already",
          "prefix and both directories")


def ccache_way(way, env, masquerade, base):
    """The words in front of the compiler's arguments, and the environment."""
    words, more, path = WAYS[way]
    path = ":".join({"M": str(masquerade[0]), "C": str(masquerade[1]), "U": TOOLS_PATH}[letter] for letter in path.split(":"))
    more = {name: value.replace("CLIENT", str(peers.CLIENT)) for name, value in more.items()}
    return [str(peers.CLIENT) if word == "CLIENT" else word for word in words], ccache_env({**env, "PATH": path}, base, **more)


def cache_hits(env):
    statistics = subprocess.run(["ccache", "--print-stats"], env=env, capture_output=True, text=True, check=True).stdout
    return sum(int(count) for count in re.findall(r"^(?:direct_cache_hit|preprocessed_cache_hit)\t(\d+)$", statistics, re.M))


@pytest.mark.parametrize("way", WAYS)
def test_ccache_and_distcc_in_any_order(workplace, client_env, stock_server, masquerade, base, way):
    server = stock_server()
    words, env = ccache_way(way, client_env(server.host, DISTCC_FALLBACK=1), masquerade, base)
    command = ["sh", "-c", 'exec "$@"', "sh", *words, "-O2", "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(["gcc", "-O2", "-c", "hello.c", "-o", "hello.o"], peers.clean_env())
    for _ in range(2):
        compare.assert_same(local, workplace.run(command, env))
    if way in REMOTE:
        server.wait_count(1)
        assert cache_hits(env) == 1


def test_messages_go_to_the_descriptor_of_ccache(workplace, client_env, base):
    """So that they are not cached as the compiler's own."""
    for _ in range(2):
        env = ccache_env(client_env("unix:/nonexistent/gw", DISTCC_FALLBACK=1), base, CCACHE_PREFIX=peers.CLIENT)
        done = workplace.run(["ccache", "gcc", "-c", "hello.c"], env)
        assert done.rc == 0
    assert done.stderr == b""


# --------------------------------------------------------------- build systems

CONFIGURE_AC = """AC_INIT([probe], [1])
AC_CONFIG_SRCDIR([main.c])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AC_C_INLINE
AC_C_BIGENDIAN
AC_CHECK_HEADERS([stdint.h unistd.h sys/epoll.h no/such.h])
AC_CHECK_FUNCS([memfd_create strlcpy no_such_function])
AC_CHECK_SIZEOF([long])
AC_CHECK_TYPES([struct stat, struct nothing], [], [], [#include <sys/stat.h>])
AC_CHECK_DECLS([O_TMPFILE], [], [], [#include <fcntl.h>])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [return nothing_declared;])], [AC_DEFINE([WRONG], [1], [never])])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
PACKAGE = {
    "configure.ac": CONFIGURE_AC,
    "Makefile.in": "all: prog\nprog: main.o part.o\n\t@CC@ -o $@ main.o part.o\n.c.o:\n\t@CC@ @CFLAGS@ -I. -c $< -o $@\n",
    "main.c": "#include \"config.h\"\nint part(void);\nint main(void) { return part() - SIZEOF_LONG; }\n",
    "part.c": "#include \"config.h\"\nint part(void) { return SIZEOF_LONG; }\n",
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(probe C CXX)\ninclude(CheckFunctionExists)\n"
                      "check_function_exists(memfd_create HAVE_MEMFD)\ncheck_function_exists(no_such_function HAVE_NOTHING)\n"
                      "file(WRITE ${CMAKE_BINARY_DIR}/found \"${HAVE_MEMFD} ${HAVE_NOTHING}\")\n"
                      "add_executable(tool main2.c part2.c shape.cc)\n",
    "main2.c": "int part(void);\nint shape(void);\nint main(void) { return part() + shape(); }\n",
    "part2.c": "int part(void) { return 0; }\n",
    "shape.cc": "#include <string>\nextern \"C\" int shape() { return (int)std::string(\"\").size(); }\n",
}


def test_configure_finds_the_same_and_the_objects_are_equal(workplace, client_env, stock_server):
    """Also when the client says everything on stderr."""
    server = stock_server()
    workplace.files = PACKAGE
    workplace.reset()
    subprocess.run(["autoreconf", "-i"], cwd=workplace.path, check=True, capture_output=True)
    workplace.files = {name: content for name, content in compare.snapshot(workplace.path).items()
                       if isinstance(content, bytes) and "/" not in name}
    build = "chmod +x configure install-sh 2>/dev/null || :; ./configure --quiet {flags} && make --silent && ./prog"
    names = ("config.h", "main.o", "part.o", "prog")
    local = workplace.run(["sh", "-ec", build.format(flags="CFLAGS=-O2")], peers.clean_env())
    assert local.rc == 0, local
    for i, verbose in enumerate("01"):
        env = client_env(server.host, DISTCC_VERBOSE=verbose)
        done = workplace.run(["sh", "-ec", build.format(flags=f'CFLAGS=-O2 CC="{peers.CLIENT} gcc"')], env)
        assert done.rc == 0, done
        assert {name: done.files[name] for name in names} == {name: local.files[name] for name in names}
        server.wait_count(2 * (i + 1))


@pytest.mark.skipif(not SOAK, reason="soak only: needs a package mirror and minutes")
def test_a_real_package_is_configured_the_same(base, client_env, stock_server):
    """A configure of some hundred checks, also while the client says everything on stderr; then its build, in each
    object a local one's."""
    server = stock_server()
    results = {}
    for name, env, compiler in (("here", peers.clean_env(HOME="/nonexistent"), "gcc"),
                                ("there", client_env(server.host), f"{peers.CLIENT} gcc"),
                                ("verbose", client_env(server.host, DISTCC_VERBOSE=1), f"{peers.CLIENT} gcc")):
        tree = base / "tree"
        sources.unpack("sed", tree)
        subprocess.run(["sh", "-ec", f"./configure --quiet CC='{compiler}' CFLAGS=-O2 && make -s -j4"], cwd=tree,
                       env={**env, "FORCE_UNSAFE_CONFIGURE": "1"}, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        results[name] = {str(path.relative_to(tree)): path.read_bytes() for path in (tree / "config.h", *sorted(tree.rglob("*.o")))}
    assert len(results["here"]) > 50
    assert results["there"] == results["here"] and results["verbose"] == results["here"]
    assert server.count() >= 2 * (len(results["here"]) - 1)


def objects(tree):
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*.o"))}


@pytest.mark.skipif(not SOAK, reason="soak only: needs a package mirror and minutes")
def test_a_real_package_is_built_the_same_by_cmake_and_ninja(base, client_env, stock_server, masquerade):
    """With the client as a launcher, and behind the compilers' names."""
    server = stock_server()
    links = f"-DCMAKE_C_COMPILER={masquerade[0]}/gcc -DCMAKE_CXX_COMPILER={masquerade[0]}/g++"
    launcher = f"-DCMAKE_C_COMPILER_LAUNCHER={peers.CLIENT} -DCMAKE_CXX_COMPILER_LAUNCHER={peers.CLIENT}"
    tree, results = base / "tree", []
    for env, flags in ((peers.clean_env(HOME="/nonexistent"), ""), (client_env(server.host), launcher), (client_env(server.host), links)):
        sources.unpack("bullet", tree)
        before = server.count()
        subprocess.run(["sh", "-ec", f"cmake -G Ninja -S . -B b {flags} -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DBUILD_BULLET2_DEMOS=OFF -DBUILD_CPU_DEMOS=OFF "
                        "-DBUILD_EXTRAS=OFF -DBUILD_UNIT_TESTS=OFF -DBUILD_PYBULLET=OFF && ninja -C b -j3 LinearMath BulletCollision BulletDynamics"],
                       cwd=tree, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        found = {name: content for name, content in objects(tree / "b").items() if "/CompilerIdC" not in name}
        assert not flags or server.count() - before >= len(found)
        results.append(found)
    here = results[0]
    assert len(here) > 100
    for there in results[1:]:
        assert sorted(there) == sorted(here)
        assert not [name for name in here if there[name] != here[name]]


@pytest.mark.skipif(not SOAK, reason="soak only: needs a package mirror and minutes")
@pytest.mark.parametrize("way", ["ccache runs distcc", "ccache before distcc", "distcc runs ccache"])
def test_a_real_package_through_ccache_and_the_farm(base, client_env, stock_server, masquerade, way):
    """The first build is the farm's, the second one the cache's; the objects of both are a local build's."""
    server, tree = stock_server(), base / "tree"

    def build(command, env):
        sources.unpack("sed", tree)
        subprocess.run(["sh", "-ec", './configure --quiet CC="$*" CFLAGS="-O2 -g" && make -s -j3', "sh", *command], cwd=tree, check=True,
                       env={**env, "FORCE_UNSAFE_CONFIGURE": "1"}, stdin=subprocess.DEVNULL, capture_output=True)
        return {name: equality.strip_debug(content) for name, content in objects(tree).items()}
    here = build(["gcc"], peers.clean_env(HOME="/nonexistent"))
    command, env = ccache_way(way, client_env(server.host), masquerade, base)
    first = build(command, env)
    compiled = server.count()
    second = build(command, env)
    assert len(here) > 50 and compiled >= len(here)
    assert first == here and second == here
    # but for what configure tries: none of it is a new file of the project
    assert server.count() == compiled
    assert cache_hits(env) >= len(here)


@pytest.mark.parametrize("generator", ["Unix Makefiles", "Ninja"])
@pytest.mark.parametrize("how", ["launcher", "compiler"])
def test_cmake_builds_the_same(workplace, client_env, stock_server, masquerade, generator, how):
    server = stock_server()
    workplace.files = PACKAGE
    build = "cmake -G '{generator}' {flags} -DCMAKE_BUILD_TYPE=Release . >log 2>&1 && cmake --build . -j2 >>log 2>&1 && ./tool"
    local = workplace.run(["sh", "-ec", build.format(generator=generator, flags="")], peers.clean_env(HOME=workplace.path))
    assert local.rc == 0, local.files.get("log")
    flags = f"-DCMAKE_C_COMPILER_LAUNCHER={peers.CLIENT} -DCMAKE_CXX_COMPILER_LAUNCHER={peers.CLIENT}"
    if how == "compiler":
        flags = f"-DCMAKE_C_COMPILER={masquerade[0]}/gcc -DCMAKE_CXX_COMPILER={masquerade[0]}/g++"
    done = workplace.run(["sh", "-ec", build.format(generator=generator, flags=flags)], client_env(server.host))
    assert done.rc == 0, done.files.get("log")
    assert done.files["found"] == local.files["found"]
    objects = [name for name in local.files if name.startswith("CMakeFiles/tool.dir/") and name.endswith(".o")]
    assert len(objects) == 3
    assert [done.files[name] for name in objects] == [local.files[name] for name in objects]
    assert server.count() >= 3


def test_a_make_of_many_small_sources_through_a_gateway(workplace, client_env, stock_server, gateway):
    server = stock_server()
    workplace.files = {f"f{i}.c": f"int f{i}(void) {{ return {i}; }}\n" for i in range(30)}
    workplace.files["Makefile"] = "all: " + " ".join(f"f{i}.o" for i in range(30)) + "\n"
    local = workplace.run(["make", "-s", "-j4", "CC=gcc"], peers.clean_env())
    done = workplace.run(["make", "-s", "-j8", f"CC={peers.CLIENT} gcc"], client_env(gateway(server.host).host))
    compare.assert_same(local, done)
    server.wait_count(30)
