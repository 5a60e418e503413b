# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of distcc 3.4 at our server, in every version of the protocol, over TCP, from inetd and over ssh:
what they get is in every byte what a distccd of 3.4 gives them. Except in pump mode, where 3.4 leaves its own
paths in debug information and breaks the lines of dependencies by them: there ours gives what a compile at
the client gives.

`test/run --soak stock_clients` takes all compilers over all transports."""

import contextlib
import os
import re
import socket
import subprocess
import threading

import pytest

from lib import compare, peers, wait
from lib.pump import IncludeServer

SOAK = bool(os.environ.get("DISTCC_SOAK"))
SOURCES = {
    "a.c": "#include <stdio.h>\n#include \"a.h\"\nint main(int argc, char **argv)\n{\n\tint unused;\n\tprintf(\"%d %s\", sq(argc), argv[0]);\n\treturn 0;\n}\n",
    "a.h": "static inline int sq(int x) { return x * x; }\n",
    "b.cc": "#include <new>\n#include \"a.h\"\nnamespace { template <class T> struct box { T t; explicit box(T n) : t(n) {} T get() const { return t * 2; } }; }\n"
            "int name(int n) { box<int> *b = new (std::nothrow) box<int>(sq(n)); return b ? b->get() : 0; }\n",
    "bad.c": "#include \"a.h\"\nint main(void) { return missing; }\n",
}
FORMS = {
    "optimised": ["-O2", "-Wall", "-c", "{source}", "-o", "out.o"],
    "debug": ["-O1", "-g", "-c", "{source}", "-o", "out.o"],
    "dependencies": ["-MD", "-g0", "-c", "{source}", "-o", "out.o"],
    "assembly": ["-O2", "-S", "{source}", "-o", "out.s"],
    "error": ["-Wall", "-c", "bad.c", "-o", "out.o"],
}
COMPILERS = {"gcc": "a.c", "g++": "b.cc", "clang": "a.c", "clang++": "b.cc"}
COMMANDS = {f"{compiler} {form}": [compiler, *(word.format(source=source) for word in words)]
            for compiler, source in COMPILERS.items() for form, words in FORMS.items()
            if SOAK or form in ("optimised", "debug") or compiler == "gcc"}
# What another transport could change, it changes for these, too.
FEW = COMMANDS if SOAK else {name: COMMANDS[name] for name in ("gcc debug", "clang++ optimised", "gcc error")}
OPTIONS = {1: "", 2: ",lzo", 3: ",lzo,cpp"}


@contextlib.contextmanager
def over_tcp(_base, tmp, log):
    with peers.Server(peers.SERVER, tmp, log_path=log) as server:
        yield server.host, {}


def serving(tmp, log):
    """The command of a server for one connection, with a log that is another user's to write."""
    log.touch()
    log.chmod(0o666)
    return ["env", f"TMPDIR={tmp}", "LANG=%s" % os.environ.get("LANG", "C"), str(peers.SERVER), f"--log-file={log}", "--user=distccd"]


@contextlib.contextmanager
def from_inetd(_base, tmp, log):
    """Each connection has a server of its own, on its descriptors 0 and 1."""
    command = [*serving(tmp, log), "--inetd", "--allow=127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):  # the listener's end is ours
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        subprocess.run(command, stdin=connection, stdout=connection, env=peers.clean_env(), check=False)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield "127.0.0.1:%d" % listener.getsockname()[1], {}
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextlib.contextmanager
def over_ssh(base, tmp, log):
    program = base / "serve"
    program.write_text("#!/bin/sh\nexec %s \"$@\"\n" % " ".join(serving(tmp, log)))
    program.chmod(0o755)
    with peers.Sshd(base / "ssh") as sshd:
        yield f"@127.0.0.1:{program}", {"DISTCC_SSH": sshd.command}


TRANSPORTS = {"tcp": over_tcp, "inetd": from_inetd, "ssh": over_ssh}


def without_client(stderr):
    """Without the client's own lines, which have its process id in them."""
    return re.sub(rb"^distcc\[\d+\] .*\n", b"", stderr, flags=re.MULTILINE)


def without_debug(base, content):
    (base / "object").write_bytes(content)
    subprocess.run(["objcopy", "--remove-section=.debug_*", "--remove-section=.rela.debug_*", base / "object"], check=True)
    return (base / "object").read_bytes()


def names_in(outcome):
    """The words of its dependency file, wherever its lines are broken."""
    return outcome.files.get("out.d", b"").replace(b"\\\n", b"").split()


def assert_is_local(base, outcome, stock, local):
    """What a compile at the client gives. The object of 3.4 has the same code, and directories of the server's
    in its debug information; its dependencies are the same, with lines broken where such directories were."""
    for name, content in outcome.files.items():
        assert content == local.files[name], name
    if stock.files["out.o"] != outcome.files["out.o"]:
        assert b"distccd_" in stock.files["out.o"]
        assert without_debug(base, outcome.files["out.o"]) == without_debug(base, stock.files["out.o"])
    assert names_in(stock) == names_in(outcome)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("version", OPTIONS)
def test_a_stock_client_gets_what_a_stock_server_gives(stack, base, client_env, version, transport):
    tmp, log = base / "tmp", base / "log"
    place = compare.Workplace(base / "src", SOURCES)
    place.reset()
    # both work in the same $TMPDIR, which stands in what clang calls the compilation directory
    stock = stack.enter_context(peers.Server(peers.STOCK_SERVER, tmp))
    host, more = stack.enter_context(TRANSPORTS[transport](base, tmp, log))
    if version == 3:
        include_server = stack.enter_context(IncludeServer(base / "pump"))
        more = {**more, "INCLUDE_SERVER_PORT": include_server.socket, "DISTCC_TESTING_INCLUDE_SERVER": "1"}
    commands = COMMANDS if transport == "tcp" else FEW
    for name, command in commands.items():
        wanted, outcome = (place.run([peers.STOCK_CLIENT, *command], client_env(there + OPTIONS[version], DISTCC_BACKOFF_PERIOD="0", **more))
                           for there in (stock.host, host))
        assert outcome.rc == wanted.rc == (1 if "error" in name else 0), (name, outcome)
        assert without_client(outcome.stderr) == without_client(wanted.stderr), name
        assert outcome.stdout == wanted.stdout == b""
        assert sorted(outcome.files) == sorted(wanted.files)
        different = [file for file in wanted.files if wanted.files[file] != outcome.files[file]]
        if version == 3 and different:
            assert different == ["out.d" if "dependencies" in name else "out.o"] and "optimised" not in name
            assert_is_local(base, outcome, wanted, place.run(command, peers.clean_env()))
        else:
            assert not different, (name, different)
    # the line of a job is written when its client has gone
    def done():
        return re.findall(r"\(dcc_job_summary\) client: \S+ (COMPILE_\w+)", log.read_text())
    wait.until(lambda: len(done()) >= len(commands), f"{len(commands)} jobs at the server")
    assert len(done()) == len(commands) and done().count("COMPILE_ERROR") == sum("error" in name for name in commands)
