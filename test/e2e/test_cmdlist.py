# SPDX-License-Identifier: GPL-2.0-or-later
"""DISTCC_CMDLIST: names, and patterns of names as the stores of Nix and Guix need them."""

import json
import os
import subprocess

import pytest

from lib import peers


@pytest.fixture
def store(base):
    """Compilers as in a store: a directory whose name holds a hash."""
    for name in ("abc0-gcc-wrapper-12.2/bin/gcc", "def1-gcc-wrapper-13.1/bin/gcc", "fff2-cat-1/bin/gcc", ".x-gcc-wrapper-1/bin/gcc"):
        path = base / "store" / name
        path.parent.mkdir(parents=True)
        path.symlink_to("/usr/bin/gcc")
    return base / "store"


def compiles(workplace, client_env, server, compiler):
    """The client's exit status when nothing may be compiled here."""
    return workplace.run([peers.CLIENT, compiler, "-c", "hello.c", "-o", "hello.o"], client_env(server.host)).rc


def test_a_pattern_allows_store_paths_and_nothing_beside_them(base, store, our_server, workplace, client_env):
    (base / "list").write_text(f"{store}/*-gcc-wrapper-*/bin/gcc\n")
    server = our_server(env={"DISTCC_CMDLIST": str(base / "list")})
    assert compiles(workplace, client_env, server, store / "abc0-gcc-wrapper-12.2/bin/gcc") == 0
    assert compiles(workplace, client_env, server, store / "def1-gcc-wrapper-13.1/bin/gcc") == 0
    (store / "a-gcc-wrapper-b").mkdir()
    for name in (store / "fff2-cat-1/bin/gcc", "/usr/bin/gcc", "gcc", store / ".x-gcc-wrapper-1/bin/gcc",
                 store / "abc0-gcc-wrapper-12.2/../abc0-gcc-wrapper-12.2/bin/gcc", store / "a-gcc-wrapper-b/../fff2-cat-1/bin/gcc"):
        assert compiles(workplace, client_env, server, name) != 0, name
    server.wait_count(2)
    assert "lookup of /usr/bin/gcc in DISTCC_CMDLIST failed" in server.log


def test_names_and_patterns_may_stand_in_one_list(base, store, our_server, workplace, client_env):
    (base / "list").write_text(f"{store}/*-gcc-wrapper-13*/bin/gcc\n/usr/bin/gcc\n")
    server = our_server(env={"DISTCC_CMDLIST": str(base / "list")})
    assert compiles(workplace, client_env, server, store / "def1-gcc-wrapper-13.1/bin/gcc") == 0
    assert compiles(workplace, client_env, server, "/usr/bin/gcc") == 0
    server.wait_count(2)


def test_the_table_of_compilers_shows_what_a_pattern_matches(base, store):
    (base / "list").write_text(f"{store}/*-gcc-wrapper-*/bin/gcc\n")
    done = subprocess.run([peers.SERVER, "--list-compilers=json"], capture_output=True, text=True, check=True,
                          env=peers.clean_env(DISTCC_CMDLIST=base / "list"))
    assert [os.path.relpath(name, store) for name in [row["name"] for row in json.loads(done.stdout)]] == [
        "abc0-gcc-wrapper-12.2/bin/gcc", "def1-gcc-wrapper-13.1/bin/gcc"]


@pytest.mark.parametrize("variable", ["DISTCC_CMDLIST_NUMWORDS", "DISTCC_CMDLIST_MATCHWORDS"])
def test_so_many_last_words_must_match(base, our_server, workplace, client_env, variable):
    """The second name is that of 3.4's manual."""
    (base / "list").write_text("/usr/bin/gcc\n")
    server = our_server(env={"DISTCC_CMDLIST": str(base / "list"), variable: "2"})
    for place in ("own/bin", "other"):
        (base / place).mkdir(parents=True)
        (base / place / "gcc").symlink_to("/usr/bin/gcc")
    assert compiles(workplace, client_env, server, base / "own/bin/gcc") == 0
    assert compiles(workplace, client_env, server, base / "other/gcc") != 0
    server.wait_count(1)
