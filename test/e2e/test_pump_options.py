# SPDX-License-Identifier: GPL-2.0-or-later
"""Each way to say where includes come from, in pump mode: the object, the dependencies and the messages are those of
a local compile, and the log tells whether sources were sent or why not."""

import os
import re

import pytest

from lib import compare, peers, wait
from lib.pump import IncludeServer

FILES = {
    "a.c": "#include \"v.h\"\nint a = V;\n",
    "v.h": "#define V 1\n",
    "angle.c": "#include <v.h>\nint a = V;\n",
    "computed.c": "#define S_(x) #x\n#define S(x) S_(x)\n#include S(NAME.h)\nint a = V;\n",
    "next.c": "#include <n.h>\nint a = N;\n",
    "one/n.h": "#if __has_include_next(<n.h>)\n#include_next <n.h>\n#endif\n#define N (M + 1)\n",
    "two/n.h": "#define M 4\n",
    "asks.c": "#if __has_include(\"v.h\") && !__has_include(\"w.h\") && __has_include(<one/n.h>)\nint a = 7;\n#endif\n",
    "import.m": "#import \"v.h\"\n#import \"v.h\"\nint a = V;\n",
    "import.c": "#import \"v.h\"\nint a = V;\n",
    "needs.c": "int a = V;\n",
    "name.c": "#include NAME\nint a = V;\n",
    "inc/v.h": "#define V 2\n",
    "late/v.h": "#define V 3\n",
    "root/usr/include/v.h": "#define V 5\n",
    "root/pre/v.h": "#define V 6\n",
    "words": "-Iinc -DNAME=v\n",
    "cc.cc": "#include <vector>\n#include <v.h>\nstd::vector<int> a(V);\n",
}

# words -> does it go to a server as sources? A word stands for the reason why not.
COMMANDS = {
    "gcc -c a.c": "pump",
    "gcc -Iinc -c a.c": "pump",
    "gcc -iquote inc -c a.c": "pump",
    "gcc -Iinc -c angle.c": "pump",
    "gcc -I inc -I late -c angle.c": "pump",
    "gcc -isystem inc -c angle.c": "pump",
    "gcc -isystem late -Iinc -idirafter root/pre -c angle.c": "pump",
    "gcc -idirafter inc -c angle.c": "pump",
    "gcc -isystem {dir}/inc -c angle.c": "pump",
    "gcc -I- -iquote . -Iinc -c angle.c": "local",
    "gcc --include-directory=inc -c angle.c": "pump",
    "gcc --include-directory inc -c angle.c": "pump",
    "gcc -Iinc -DNAME=v -c computed.c": "pump",
    "gcc -DNAME=\"v.h\" -c name.c": "pump",
    "gcc -DNAME=<v.h> -Ilate -c name.c": "pump",
    "gcc -Ione -Itwo -MD -c next.c": "pump",
    "gcc -I. -c asks.c": "pump",
    "gcc -c import.c": "pump",
    "gcc -imacros v.h -c needs.c": "pump",
    "gcc -imacros inc/v.h -include v.h -c needs.c": "pump",
    "gcc -include {dir}/inc/v.h -MD -c needs.c": "pump",
    "gcc -include v.h -Iinc -c needs.c": "pump",
    "g++ -Ilate -c cc.cc": "pump",
    "gcc -nostdinc -Iinc -c angle.c": "pump",
    "gcc --sysroot=root -c angle.c": "option",
    "gcc --sysroot root -c angle.c": "option",
    "gcc --sysroot={dir}/root -I=/pre -c angle.c": "option",
    "gcc -isysroot root -c angle.c": "option",
    "gcc -iprefix root/ -iwithprefix pre -c angle.c": "option",
    "gcc -iprefix root/ -iwithprefixbefore pre -c angle.c": "option",
    "gcc -MD -MT x -c a.c": "pump",
    "gcc -MD -MT x -MT y -c a.c": "option",
    "gcc -MD -MQ $x -c a.c": "option",
    "gcc -MD -MQ x -c a.c": "pump",
    "gcc -MMD -MP -MF d.mk -MQ late/a.o -c a.c -o late/a.o": "pump",
    "gcc -MD -MQx -c a.c": "pump",
    "gcc -MD -MTx -c a.c": "pump",
    "gcc -MD -MT $x -c a.c": "pump",
    "gcc -MD -MT x -c a.c -o late/a:b.o": "pump",
    "gcc -MD -c a.c -o late/a:b.o": "dependency-target",
    "gcc -MD -MQ x -MT y -MF d.mk -c a.c": "option",
    "gcc -MD -MP -c a.c -o {dir}/late/a.o": "pump",
    "gcc @words -c angle.c": "pump",
    "gcc @words -c computed.c": "pump",
    "gcc -Wp,-MD,d.mk -Iinc -c a.c": "pump",
    "clang -Iinc -MMD -c a.c": "pump",
    "clang -isystem late -include v.h -c needs.c": "pump",
}
VARIABLES = {
    "CPATH": ("inc", "gcc -c angle.c"),
    "C_INCLUDE_PATH": ("late:inc", "gcc -MD -c angle.c"),
    "CPLUS_INCLUDE_PATH": ("inc", "g++ -c cc.cc"),
}

# The stock client leaves these to the server, which gets them wrong.
BEYOND_STOCK = re.compile(r"sysroot|-iprefix|-MQ|-MTx|MT \$x|a:b|-MT x -MT|@words|-MP|-Wp,|--include-directory|-I-")


@pytest.fixture
def place(base):
    return compare.Workplace(base / "src", FILES)


@pytest.fixture
def includes(stack, base):
    return stack.enter_context(IncludeServer(base / "pump"))


def pump_env(client_env, includes, server, **more):
    return client_env(f"{server.host},cpp,lzo", INCLUDE_SERVER_PORT=includes.socket, DISTCC_LOG=includes.dir / "client.log",
                      DISTCC_VERBOSE="1", **more)


def mode(includes):
    """How the one job of the log was done: "pump", or "local", or the reason for plain mode. Empties the log."""
    log = includes.dir / "client.log"
    text = log.read_text()
    log.write_text("")
    where = re.findall(r" result: .* where=(\w+) ", text)
    assert len(where) == 1, text
    plain = re.findall(r" mode=plain reason=([\w-]+)", text)
    return "local" if where == ["local"] else plain[0] if plain else "pump"


@pytest.mark.parametrize("client,kind", [(peers.CLIENT, "stock server"), (peers.CLIENT, "our server"), (peers.STOCK_CLIENT, "stock server")],
                         ids=["our client, stock server", "our client, our server", "stock client, stock server"])
def test_every_option_in_pump_mode(client, kind, client_env, includes, stock_server, our_server, place):
    server = stock_server() if kind == "stock server" else our_server()
    env = pump_env(client_env, includes, server)
    commands = {words: expected for words, expected in COMMANDS.items() if client == peers.CLIENT or not BEYOND_STOCK.search(words)}
    for count, (words, expected) in enumerate(commands.items(), 1):
        command = [word.format(dir=place.path) for word in words.split()]
        local, done = place.run(command, client_env("")), place.run([client, *command], env)
        assert local.rc == 0, local
        if client == peers.STOCK_CLIENT:
            for files in (local.files, done.files):     # its line breaks are those of the server's longer names
                files.update({name: files[name].replace(b"\\\n", b" ").split() for name in files if name.endswith((".d", ".mk"))})
        compare.assert_same(local, done)
        if client == peers.CLIENT:
            assert mode(includes) == expected, words
    remote = count - sum(expected == "local" for expected in commands.values())
    wait.until(lambda: len(server.jobs("COMPILE_OK")) >= remote, f"{remote} jobs at the server")


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables_that_add_directories_make_it_plain(variable, client_env, includes, stock_server, place):
    server = stock_server()
    value, words = VARIABLES[variable]
    local = place.run(words.split(), client_env("", **{variable: value}))
    assert local.rc == 0
    compare.assert_same(local, place.run([peers.CLIENT, *words.split()], pump_env(client_env, includes, server, **{variable: value})))
    assert mode(includes) == "include-path-variable"


def test_a_compiler_that_is_a_link_to_ccache_or_to_distcc_is_asked_itself(base, client_env, includes, stock_server, place):
    """Both directories come before the compiler's, in either order; the include server has the same PATH."""
    server = stock_server()
    for directory, target in (("masquerade", peers.CLIENT), ("cached", "/usr/bin/ccache")):
        (base / directory).mkdir()
        for name in ("gcc", "g++"):
            (base / directory / name).symlink_to(target)
    path = f"{base}/masquerade:{base}/cached:/usr/bin:/bin"
    for number, (words, environment) in enumerate(((["gcc"], {"PATH": path}), (["ccache", "gcc"], {"CCACHE_PREFIX": str(peers.CLIENT)}))):
        with IncludeServer(base / f"p{number}", path=path) as server_of_links:
            env = pump_env(client_env, server_of_links, server, CCACHE_DIR=base / f"c{number}", **environment)
            for rest in (["-Iinc", "-c", "angle.c"], ["-Iinc", "-c", "computed.c", "-DNAME=v"]):
                local = place.run(["gcc", *rest], client_env(""))
                command = words if number else ["sh", "-c", 'exec gcc "$@"', "sh"]
                done = place.run([*command, *rest], env)
                compare.assert_same(local, done)
                assert mode(server_of_links) == "pump"
