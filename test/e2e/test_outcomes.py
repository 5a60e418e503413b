# SPDX-License-Identifier: GPL-2.0-or-later
"""What build systems rely on: exit status, streams and files of each kind of command, through a stock
server and through ours. "Quiet" means that nothing of the client's is on stdout or stderr."""

import pathlib
import socket
import subprocess
import threading

import pytest

from lib import compare, peers, sandbox
from lib.counting import CountingProxy
from lib.pump import IncludeServer

C = "int answer(void) { return 42; }\n"
SOURCES = {
    "a.c": "#include \"a.h\"\nint main(void) { return A - 1; }\n",
    "a.h": "#define A 1\n",
    "sub/deep.c": "#include \"../a.h\"\nint deep(void) { return A; }\n",
    "comma.c": "#include \"x,y.h\"\n#include \"back\\slash.h\"\nint f(void) { return X + Y; }\n",
    "x,y.h": "#define X 1\n",
    "back\\slash.h": "#define Y 2\n",
    "computed.c": "#define NAME \"a.h\"\n#include NAME\nint g(void) { return A; }\n",
    "dotdot.c": "#include \"unused/../a.h\"\nint h(void) { return A; }\n",
    "unused/keep": "",
    "utf8.c": "const char *s = \"\u00e4\u00f6\u00fc \u4f60\u597d\";\n",
    "define.c": "const char *s = TEXT;\n",
    "cc.cc": "#include <string>\nstd::string s() { return \"x\"; }\n",
    "asm.s": ".globl x\nx: .long 1\n",
    "asm2.S": "#define V 1\n.globl x\nx: .long V\n",
    "ready.i": "# 1 \"ready.c\"\nint ready(void) { return 1; }\n",
    "empty.i": "",
    "two.c": C,
    "unused.c": "#define NAME \"gone.h\"\n#define stdio \"none.h\"\n#define a b\n#include \"a.h\"\nint u(void) { return A; }\n",
    "objc.m": "@interface Root\n+ (int)answer;\n@end\n@implementation Root\n+ (int)answer { return 42; }\n@end\n",
    "objcxx.mm": "template <class T> T same(T t) { return t; }\n@interface Root\n+ (int)answer;\n@end\n"
                 "@implementation Root\n+ (int)answer { return same(42); }\n@end\n",
}

# row -> (words after the client, jobs that must reach the server)
QUIET = {
    "plain": (["gcc", "-c", "a.c", "-o", "a.o"], 1),
    "glued output": (["gcc", "-c", "a.c", "-oout.o"], 1),
    "no output": (["gcc", "-c", "a.c"], 1),
    "no output, in a directory": (["gcc", "-c", "sub/deep.c"], 1),
    "implicit compiler, option first": (["-c", "a.c"], 1),
    "implicit compiler, source first": (["a.c", "-c"], 1),
    "linking": (["gcc", "a.c", "-o", "prog"], 0),
    "linking, implicit": (["a.c", "-o", "prog"], 0),
    "header names with commas and backslashes": (["gcc", "-c", "comma.c"], 1),
    "a computed include": (["gcc", "-c", "computed.c"], 1),
    "an include through an unused directory": (["gcc", "-c", "dotdot.c"], 1),
    "macros that are not used and are named like headers": (["gcc", "-c", "unused.c"], 1),
    "C++": (["g++", "-O2", "-c", "cc.cc"], 1),
    "Objective-C": (["clang", "-c", "objc.m"], 0),
    "Objective-C++": (["clang++", "-c", "objcxx.mm"], 0),
    "a system directory named": (["gcc", "-I/usr/include", "-I/usr/include/x86_64-linux-gnu", "-c", "a.c"], 1),
    "UTF-8": (["gcc", "-c", "utf8.c"], 1),
    "blanks and quotes in a macro": (["gcc", "-DTEXT=\"a b\\\"c'$HOME;`id`\"", "-c", "define.c"], 1),
    "output to a device": (["gcc", "-c", "a.c", "-o", "/dev/null"], 1),
    "two sources": (["gcc", "-c", "a.c", "two.c"], 0),
    "assembly wins over object": (["gcc", "-S", "-c", "a.c"], 1),
    "preprocessing": (["gcc", "-E", "a.c"], 0),
    "preprocessing into a file": (["gcc", "-E", "a.c", "-o", "a.i"], 0),
    "glued dependency options": (["gcc", "-MD", "-MFd.d", "-MTtarget", "-c", "a.c"], 1),
    "dependencies through -Wp": (["gcc", "-Wp,-MD,wp.d", "-c", "a.c"], 1),
    "assembler": (["gcc", "-c", "asm.s"], 0),
    "assembler with macros": (["gcc", "-c", "asm2.S"], 0),
    "preprocessed already": (["gcc", "-c", "ready.i"], 1),
    "a probe of configure": (["gcc", "-c", "conftest.c"], 0),
    "standard input": (["gcc", "-c", "-x", "c", "-"], 0),
    "version": (["gcc", "--version"], 0),
    "clang": (["clang", "-O1", "-c", "a.c"], 1),
}


def absolute(command):
    """A bare word list with the client in front."""
    return [peers.CLIENT, *command]


def local_command(command):
    return command if not command[0].startswith("-") and "." not in command[0] else ["cc", *command]


@pytest.fixture
def place(workplace):
    workplace.files = {**SOURCES, "conftest.c": C}
    return workplace


@pytest.fixture
def servers(our_server, stock_server):
    return {"stock": stock_server, "ours": our_server}


@pytest.mark.parametrize("kind, verbose", [("stock", 0), ("stock", 1), ("stock lzo", 0), ("stock pump", 0), ("ours", 0), ("ours pump", 1)])
def test_every_quiet_command_gives_what_a_local_one_gives(place, client_env, stack, servers, base, kind, verbose):
    """One server for all rows, counted after each."""
    server = servers[kind.split()[0]]()
    log = base / "client.log"
    env = client_env(server.host + {"lzo": ",lzo", "pump": ",cpp,lzo"}.get(kind.split()[-1], ""), DISTCC_LOG=log, DISTCC_VERBOSE=verbose)
    if "pump" in kind:
        env["INCLUDE_SERVER_PORT"] = str(stack.enter_context(IncludeServer(base / "pump")).socket)
    expected = 0
    for row, (command, jobs) in QUIET.items():
        local = place.run(local_command(command), peers.clean_env())
        assert local.rc == 0, (row, local)
        done = place.run(absolute(command), env)
        try:
            compare.assert_same(local, done)
            expected += jobs
            server.wait_count(expected)
        except AssertionError as failure:
            raise AssertionError(f"row {row!r}: {failure}\n{log.read_text()[-2000:]}") from failure
    if kind == "stock":
        text = log.read_text()
        for words in (f"compile a.c on {server.host} completed ok", f"exec on {server.host}: ", "compile from a.c to a.o",
                      "exec on localhost: gcc -E a.c", "going to add \"-o a.o\" at end"):
            assert words in text, text
    assert pathlib.Path("/dev/null").is_char_device()


# What fails: exit status and text are the compiler's own, once. Rows: command, jobs of which kind
FAILING = {
    "an error of the preprocessor": (["gcc", "-c", "error.c"], "no job"),
    "a missing header": (["gcc", "-c", "missing.c"], "no job"),
    "a syntax error": (["gcc", "-c", "syntax.c"], "COMPILE_ERROR"),
    "an unknown option": (["gcc", "--no-such-thing", "-c", "a.c"], "no job"),
    "a directory that is missing": (["gcc", "-c", "a.c", "-o", "nowhere/a.o"], None),
    "a source that is missing": (["gcc", "-c", "gone.c"], "no job"),
    "preprocessed text that is missing": (["gcc", "-c", "gone.i"], "no job"),
    "an error while linking": (["gcc", "two.c", "-o", "prog"], "no job"),
    "nothing to do": (["gcc"], "no job"),
}
BAD = {
    "error.c": "#error \"no way\"\n",
    "missing.c": "#include \"missing.h\"\n",
    "syntax.c": "int f(void)\n{\n\treturn nothing;\n}\n",
}


@pytest.mark.parametrize("row", FAILING)
def test_a_failure_is_reported_once_and_the_host_is_not_blamed(place, client_env, stock_server, row):
    command, kind = FAILING[row]
    place.files.update(BAD)
    server = stock_server()
    local = place.run(command, peers.clean_env())
    assert local.rc != 0
    env = client_env(server.host, DISTCC_FALLBACK=1)
    compare.assert_same(local, place.run(absolute(command), env))
    after = place.run(absolute(["gcc", "-c", "two.c"]), {**env, "DISTCC_FALLBACK": "0"})
    assert (after.rc, after.stderr) == (0, b"")
    server.wait_count(2 if kind is None else 1)
    assert len(server.jobs("COMPILE_ERROR")) == (kind == "COMPILE_ERROR")


@pytest.mark.parametrize("final", [{"DISTCC_FALLBACK": "0"}, {"DISTCC_SKIP_LOCAL_RETRY": "", "DISTCC_FALLBACK": "0"},
                                   {"DISTCC_SKIP_LOCAL_RETRY": "1", "DISTCC_FALLBACK": "1"}],
                         ids=["no fallback", "empty counts as unset", "no retry"])
def test_a_syntax_error_of_the_server_is_shown_when_it_is_final(place, client_env, stock_server, final):
    place.files.update(BAD)
    server = stock_server()
    done = place.run(absolute(["gcc", "-c", "syntax.c"]), client_env(server.host, **final))
    assert done.rc == 1
    assert done.stdout == b""
    assert b"syntax.c:3:" in done.stderr and b"error: " in done.stderr
    assert "syntax.o" not in done.files
    server.wait_count(1, "COMPILE_ERROR")
    # the job was at fault, not the host
    after = place.run(absolute(["gcc", "-c", "two.c"]), client_env(server.host))
    assert (after.rc, after.stderr) == (0, b"")
    server.wait_count(1)


def test_a_compiler_that_the_server_lacks_is_status_110(place, client_env, stock_server):
    server = stock_server(extra=["--enable-tcp-insecure"])
    done = place.run(absolute(["no-such-compiler", "-c", "ready.i"]), client_env(server.host))
    assert done.rc == 110
    assert done.stdout == b""
    assert b"failed to exec" in done.stderr


def test_a_program_that_fails_without_reading_gives_its_status(place, client_env, stock_server):
    server = stock_server(extra=["--enable-tcp-insecure"])
    done = place.run(absolute(["false", "-c", "ready.i"]), client_env(server.host))
    assert done.rc == 1
    assert "ready.o" not in done.files


def test_preprocessed_text_may_be_empty(place, client_env, stock_server):
    server = stock_server()
    done = place.run(absolute(["gcc", "-c", "empty.i"]), client_env(server.host))
    assert (done.rc, done.stdout, done.stderr) == (0, b"", b"")
    assert done.files["empty.o"].startswith(b"\x7fELF")
    server.wait_count(1)


def test_a_program_that_succeeds_without_output_gives_an_empty_object(place, client_env, stock_server):
    server = stock_server(extra=["--enable-tcp-insecure"])
    done = place.run(absolute(["true", "-c", "ready.i"]), client_env(server.host))
    assert (done.rc, done.stdout, done.stderr) == (0, b"", b"")
    assert done.files["ready.o"] == b""


def test_a_server_that_denies_access_costs_a_line_in_the_log_only(place, client_env, base):
    """It accepts and closes, as stock servers do with clients that they do not know."""
    log = base / "client.log"
    local = place.run(["gcc", "-c", "a.c"], peers.clean_env())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        refuser = threading.Thread(target=lambda: listener.accept()[0].close())
        refuser.start()
        done = place.run(absolute(["gcc", "-c", "a.c"]), client_env(host, DISTCC_FALLBACK=1, DISTCC_LOG=log))
        refuser.join()
    compare.assert_same(local, done)
    assert f"failed to distribute a.c to {host}, running locally instead" in log.read_text()


def test_host_files_in_their_order(place, client_env, stock_server, base):
    """DISTCC_HOSTS, then DISTCC_DIR/hosts, or without DISTCC_DIR the one in HOME."""
    server = stock_server()
    jobs = 0
    for name, more in {"own": {"DISTCC_DIR": base / "own"}, "home/.distcc": {"DISTCC_DIR": None, "HOME": base / "home"},
                       "other/.distcc": {"DISTCC_DIR": "", "HOME": base / "other"}}.items():
        directory = base / name
        directory.mkdir(parents=True)
        (directory / "hosts").write_text(f"# the farm\r\n{server.host}/3,lzo # one\r\n")
        done = place.run(absolute(["gcc", "-c", "a.c"]), client_env(None, **more))
        assert (done.rc, done.stderr) == (0, b"")
        jobs += 1
        server.wait_count(jobs)
    env = client_env("", DISTCC_DIR=base / "own", DISTCC_FALLBACK="1")
    done = place.run(absolute(["gcc", "-c", "a.c"]), env)
    assert done.rc == 0 and b"contained no hosts" in done.stderr
    server.wait_count(jobs)


def test_a_log_file_that_cannot_be_written(place, client_env, stock_server, base):
    server = stock_server()
    log = base / "closed.log"
    log.write_text("")
    log.chmod(0o444)
    done = place.run(absolute(["gcc", "-c", "a.c"]), client_env(server.host, DISTCC_LOG=log), prefix=sandbox.AS_USER)
    assert done.rc == 0
    assert done.stderr.count(b"\n") == 1
    assert b"failed to open logfile" in done.stderr
    server.wait_count(1)


@pytest.mark.parametrize("umask, mode", [(0, 0o666), (0o022, 0o644), (0o777, 0)])
def test_the_umask_decides_the_modes(place, client_env, stock_server, umask, mode):
    server = stock_server()
    for name, command, jobs in (("a.o", ["gcc", "-c", "a.c"], 1), ("prog", ["gcc", "a.c", "-o", "prog"], 0)):
        if name == "prog" and umask == 0o777:
            continue
        place.reset()
        done = subprocess.run([str(word) for word in absolute(command)], cwd=place.path, env=client_env(server.host),
                              umask=umask, check=False, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (place.path / name).stat().st_mode & 0o777 == (mode if jobs else mode | (0o111 & ~umask))
    server.wait_count(1)


def test_fifty_at_once_wait_for_the_four_slots_of_one_host(place, client_env, stock_server):
    server = stock_server(jobs=4)
    place.reset()
    running = [subprocess.Popen([str(peers.CLIENT), "gcc", "-c", "two.c", "-o", f"{i}.o"], cwd=place.path,
                                env=client_env(server.host + "/4"), stderr=subprocess.PIPE) for i in range(50)]
    for client in running:
        assert client.communicate(timeout=120)[1] == b""
        assert client.returncode == 0
    server.wait_count(50)
    assert len({(place.path / f"{i}.o").read_bytes() for i in range(50)}) == 1


def test_stock_and_our_clients_at_once_never_exceed_the_slots_together(place, client_env, stock_server, stack, base):
    """Fifty jobs of both in one DISTCC_DIR. What a monitor is shown meanwhile are jobs of both."""
    proxies = [stack.enter_context(CountingProxy(stock_server(jobs=8).port)) for _ in range(2)]
    place.reset()
    env = client_env(f"{proxies[0].host}/2 {proxies[1].host}/3", DISTCC_DIR=base / "state", DISTCC_PAUSE_TIME_MSEC=20)
    programs = [peers.CLIENT, peers.STOCK_CLIENT]
    running = [subprocess.Popen([str(programs[i % 2]), "gcc", "-c", "two.c", "-o", f"{i}.o"], cwd=place.path, env=env, stderr=subprocess.PIPE)
               for i in range(50)]
    for client in running:
        assert client.communicate(timeout=120)[1] == b""
        assert client.returncode == 0
    assert 1 <= proxies[0].most <= 2 and proxies[1].most <= 3
    assert len({(place.path / f"{i}.o").read_bytes() for i in range(50)}) == 1
    assert not list((base / "state" / "state").iterdir()), "a note was left"


def test_a_source_of_several_megabytes(place, client_env, stock_server):
    place.files = {"big.c": "".join(f"extern const int variable_{i};\n" for i in range(160000)) + C}
    server = stock_server()
    local = place.run(["gcc", "-c", "big.c"], peers.clean_env())
    compare.assert_same(local, place.run(absolute(["gcc", "-c", "big.c"]), client_env(server.host + ",lzo")))
    server.wait_count(1)


def test_symlinked_headers_and_absolute_sources(place, client_env, stock_server):
    server = stock_server()
    place.reset()
    (place.path / "link.h").symlink_to("a.h")
    (place.path / "uses.c").write_text("#include \"link.h\"\nint x = A;\n")
    subprocess.run([str(word) for word in absolute(["gcc", "-c", place.path / "uses.c"])], cwd=place.path,
                   env=client_env(server.host), check=True)
    distributed = (place.path / "uses.o").read_bytes()
    subprocess.run(["gcc", "-c", place.path / "uses.c"], cwd=place.path, check=True)
    assert (place.path / "uses.o").read_bytes() == distributed
    server.wait_count(1)


def test_a_stripped_program_of_distributed_objects_equals_a_local_one(place, client_env, stock_server):
    server = stock_server()
    objects = ["gcc -g -O2 -c a.c -o a.o", "gcc -g -O2 -c sub/deep.c -o deep.o", "gcc a.o deep.o -o prog", "strip prog"]
    local = place.run(["sh", "-ec", "; ".join(objects)], peers.clean_env())
    through = "; ".join(f"{peers.CLIENT} {line}" if line.startswith("gcc") else line for line in objects)
    done = place.run(["sh", "-ec", through], client_env(server.host))
    assert (done.rc, done.stdout, done.stderr) == (0, b"", b"")
    assert done.files["prog"] == local.files["prog"]
    server.wait_count(2)


def test_stock_and_our_clients_share_slots_and_back_off(place, client_env, stock_server, base):
    """A host that one of them has struck off is passed over by the other, both ways."""
    server = stock_server()
    dead = f"127.0.0.1:{peers.free_port()}"
    for first, second in ((peers.STOCK_CLIENT, peers.CLIENT), (peers.CLIENT, peers.STOCK_CLIENT)):
        state = base / f"shared-{first.parent.name}"
        state.mkdir()
        log = base / "second.log"
        log.unlink(missing_ok=True)
        env = client_env(f"{dead} {server.host}", DISTCC_DIR=state)
        assert place.run([first, "gcc", "-c", "two.c"], env).rc == 0
        assert [path.name for path in state.glob("lock/backoff_*")] == [f"backoff_tcp_127.0.0.1_{dead.split(':')[1]}_0"]
        assert place.run([second, "gcc", "-c", "two.c"], {**env, "DISTCC_LOG": str(log), "DISTCC_VERBOSE": "1"}).rc == 0
        assert f"exec on {dead}" not in log.read_text()
        assert f"compile two.c on {server.host} completed ok" in log.read_text()
        names = {path.name for path in state.glob("lock/cpu_*")}
        assert f"cpu_tcp_127.0.0.1_{server.port}_0" in names
        assert not list(state.glob("state/*"))
    server.wait_count(4)
