# SPDX-License-Identifier: GPL-2.0-or-later
"""Item 3: our client straight to stock distccd over TCP, stock clients to our distccd; protocols
1 and 2. And our client to our server."""

import pytest

from lib import compare, peers

COMPILES = {
    "c": ["gcc", "-c", "hello.c", "-o", "hello.o"],
    "optimised, dependencies": ["gcc", "-O2", "-MD", "-MP", "-c", "hello.c", "-o", "hello.o"],
    "default output": ["gcc", "-O2", "-Wall", "-c", "sub/../hello.c"],
    "c++ into a directory": ["g++", "-std=c++17", "-O2", "-MMD", "-MF", "sub/x.d", "-c", "sub/shape.cc", "-o", "sub/shape.o"],
    "c++": ["g++", "-std=c++17", "-O2", "-c", "sub/shape.cc", "-o", "sub/shape.o"],
    "assembly": ["gcc", "-S", "-O1", "hello.c"],
    "empty": ["gcc", "-c", "empty.c"],
}

# What configured projects really pass: each must stay remote.
USUAL = {
    "a path in a macro": ["-DSYSCONFDIR=\"/usr/local/etc\"", "-DNAME=a.b"],
    "a package's flags": ["-O2", "-pipe", "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection",
                          "-D_FORTIFY_SOURCE=2", "-Wformat=2", "-Werror=format-security", "-march=x86-64", "-mtune=generic"],
    "libtool": ["-fPIC", "-DPIC", "-MT", "hello.lo", "-MD", "-MP", "-MF", "hello.Tpo"],
    "cmake": ["-MD", "-MT", "CMakeFiles/x.dir/hello.c.o", "-MF", "hello.c.o.d", "-isystem", "/usr/include/x"],
    "kernel": ["-Wp,-MMD,hello.d", "-nostdinc", "-isystem", "/usr/lib/gcc/x86_64-linux-gnu/12/include", "-isystem", "/usr/include",
               "-isystem", "/usr/include/x86_64-linux-gnu", "-fno-strict-aliasing", "-mno-sse", "-fno-pie", "-mcmodel=kernel",
               "-fno-asynchronous-unwind-tables", "-falign-functions=16", "-DKBUILD_BASENAME=\"hello\""],
    "sections": ["-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-Wa,--noexecstack", "-pthread", "-w"],
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_command_lines_are_distributed(stock_server, workplace, client_env, name):
    server = stock_server()
    command = ["gcc", *USUAL[name], "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(command, peers.clean_env())
    assert local.rc == 0, local.stderr
    compare.assert_same(local, workplace.run([peers.CLIENT, *command], client_env(server.host)))
    server.wait_count(1)


@pytest.mark.parametrize("options", ["", ",lzo"], ids=["protocol 1", "protocol 2"])
@pytest.mark.parametrize("compile_name", COMPILES)
def test_our_client_at_a_stock_server_gives_what_a_local_compile_gives(
        stock_server, workplace, client_env, compile_name, options):
    server = stock_server()
    command = COMPILES[compile_name]
    local = workplace.run(command, peers.clean_env())
    assert local.rc == 0
    distributed = workplace.run([peers.CLIENT, *command], client_env(server.host + options))
    compare.assert_same(local, distributed)
    server.wait_count(1)


@pytest.mark.parametrize("options", ["", ",lzo"], ids=["protocol 1", "protocol 2"])
@pytest.mark.parametrize("client", [peers.STOCK_CLIENT, peers.CLIENT], ids=["stock client", "our client"])
# Not with dependency files: those that a stock client makes have the wrong target.
@pytest.mark.parametrize("compile_name", ["c", "c++", "assembly", "empty"])
def test_clients_at_our_server_get_what_a_local_compile_gives(
        our_server, workplace, client_env, client, compile_name, options):
    server = our_server()
    command = COMPILES[compile_name]
    local = workplace.run(command, peers.clean_env())
    distributed = workplace.run([client, *command], client_env(server.host + options))
    compare.assert_same(local, distributed)
    server.wait_count(1)


@pytest.mark.parametrize("client", [peers.STOCK_CLIENT, peers.CLIENT], ids=["stock client", "our client"])
def test_a_compile_error_has_the_servers_status_and_text_when_nothing_falls_back(
        our_server, workplace, client_env, client):
    server = our_server()
    workplace.files = {"bad.c": "int f(void) { return nothing; }\n"}
    command = ["gcc", "-c", "bad.c"]
    distributed = workplace.run([client, *command], client_env(server.host))
    assert distributed.rc == 1
    assert b"bad.c:1:22: error" in distributed.stderr
    assert sorted(distributed.files) == ["bad.c"]
    server.wait_count(1, "COMPILE_ERROR")
