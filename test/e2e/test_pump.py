# SPDX-License-Identifier: GPL-2.0-or-later
"""Pump mode: sources and headers go to the server, and everything is as in a local compile."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

import pytest
from lib import compare, peers, pumpask, wait
from lib.pump import PUMP, IncludeServer
from lib.sandbox import unshare_net

SOURCES = {
    "a.c": "#include <stdio.h>\n#include \"a.h\"\n#include \"sub/../b.h\"\nint a(void) { return printf(\"%s %d\", __FILE__, A + B); }\n",
    "a.h": "#ifndef A_H\n#define A_H\n#define A 1\n#endif\n",
    "b.h": "#define B 2\n",
    "a_name_that_is_longer_than_usual/empty": "",
    "sub/c.cc": "#include <string>\n#include <vector>\n#include <c.hh>\nstd::string c(int n) { std::vector<int> v(n); return NAME + std::to_string(v.size()); }\n",
    "include/c.hh": "#define QUOTE(x) #x\n#define HEADER(x) QUOTE(x.hh)\n#include HEADER(d)\n",
    "include/d.hh": "static const char *const NAME = __FILE__;\n",
    "empty.c": "",
    "warn.c": "#include \"warn.h\"\nint w(void) { int unused; return 0; }\n",
    "warn.h": "static int never(void) { return 1; }\n",
    "bad.c": "#include \"a.h\"\nint x = ;\n",
}


@pytest.fixture
def include_server(stack, base):
    """start(*arguments) -> a running include server."""
    count = 0

    def start(*arguments):
        nonlocal count
        count += 1
        return stack.enter_context(IncludeServer(base / f"pump{count}", *arguments))
    return start


@pytest.fixture
def place(base):
    return compare.Workplace(base / "src", SOURCES)


def pump_env(client_env, server, hosts, **more):
    return client_env(hosts, INCLUDE_SERVER_PORT=server.socket, DISTCC_TESTING_INCLUDE_SERVER="1", DISTCC_LOG=server.dir / "client.log",
                      **more)


def wait_jobs(server, count):
    """So many jobs were done there, none of them refused."""
    wait.until(lambda: len(server.jobs("COMPILE_OK")) >= count, f"{count} jobs at the server")


COMMANDS = {
    "c": ["gcc", "-c", "a.c", "-o", "a.o"],
    "absolute names": ["gcc", "-I{dir}/include", "-c", "{dir}/a.c", "-o", "a.o"],
    "dependencies": ["gcc", "-MMD", "-MP", "-c", "a.c", "-o", "out.o"],
    "many dependencies": ["g++", "-MD", "-Iinclude", "-c", "sub/c.cc", "-o", "a_name_that_is_longer_than_usual/../c.o"],
    "clang": ["clang", "-MD", "-c", "a.c", "-o", "out.o"],
    "all dependencies into a file": ["gcc", "-MD", "-MF", "d.mk", "-MT", "target", "-c", "a.c", "-o", "a.o"],
    "c++ in a directory": ["g++", "-O2", "-Iinclude", "-c", "sub/c.cc", "-o", "sub/c.o"],
    "c++ with an absolute include path": ["g++", "-O2", "-I{dir}/include", "-c", "sub/c.cc", "-o", "sub/c.o"],
    "assembly text": ["gcc", "-S", "a.c"],
    "an empty source": ["gcc", "-c", "empty.c"],
    "warnings": ["gcc", "-Wall", "-c", "warn.c"],
}


def run(place, command, env, wrapper):
    return place.run([wrapper, *(word.format(dir=place.path) for word in command)] if wrapper else
                     [word.format(dir=place.path) for word in command], env)


@pytest.mark.parametrize("client", [peers.CLIENT, peers.STOCK_CLIENT], ids=["ours", "stock"])
def test_a_stock_server_gives_what_a_local_compile_gives(client, client_env, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo")
    for number, command in enumerate(COMMANDS.values(), 1):
        local = run(place, command, client_env(""), None)
        distributed = run(place, command, env, client)
        if client == peers.STOCK_CLIENT:        # it takes over the line breaks of the server's longer target
            for files in (local.files, distributed.files):
                files.update({name: files[name].replace(b"\\\n", b" ").split() for name in files if name.endswith((".d", ".mk"))})
        compare.assert_same(local, distributed)
        wait_jobs(server, number)
    assert "Preprocessing locally" not in includes.log


def test_only_what_a_dead_server_left_is_removed_by_the_next_one(client_env, stack, stock_server, place, base):
    """Servers of other PID namespaces share /dev/shm: that their processes are not seen means nothing."""
    area = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distcc-area-", dir="/tmp")))
    server = stock_server()
    first = stack.enter_context(IncludeServer(base / "first", area=area))
    env = pump_env(client_env, first, f"{server.host},cpp,lzo")
    command = COMMANDS["c"]
    assert run(place, command, env, peers.CLIENT).rc == 0
    kept = {path: sorted(path.rglob("*")) for path in area.iterdir()}
    assert kept
    # it ends with its namespace, whose first process is the command that starts it
    IncludeServer(base / "second", area=area, prefix=["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]).__enter__()
    assert {path: sorted(path.rglob("*")) for path in area.iterdir()} == kept
    assert run(place, command, env, peers.CLIENT).rc == 0
    wait_jobs(server, 2)
    first.kill()
    wait.until(first.is_gone, "the first server's end")
    assert list(area.iterdir())
    stack.enter_context(IncludeServer(base / "third", area=area))
    assert not list(area.iterdir())


def test_through_a_gateway_from_a_place_without_a_network(client_env, gateway, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    front = gateway(f"{server.host},cpp,lzo")
    env = pump_env(client_env, includes, f"unix:{front.path}")
    for number, command in enumerate(COMMANDS.values(), 1):
        local = run(place, command, client_env(""), None)
        place.reset()
        done = subprocess.run([str(peers.CLIENT), *(word.format(dir=place.path) for word in command)], cwd=place.path, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, preexec_fn=unshare_net)
        compare.assert_same(local, compare.Outcome(done.returncode, done.stdout, done.stderr, compare.snapshot(place.path)))
        wait_jobs(server, number)
    shown = subprocess.run([peers.CLIENT, "--show-hosts"], env=env, capture_output=True, text=True, check=True).stdout
    assert ",cpp" in shown
    assert "mode=plain" not in (includes.dir / "client.log").read_text()


@pytest.mark.parametrize("client", [peers.CLIENT, peers.STOCK_CLIENT], ids=["ours", "stock"])
def test_our_server_gives_every_byte_of_a_local_compile(client, client_env, include_server, our_server, place):
    server, includes = our_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo")
    debug = {"debug": ["gcc", "-g", "-c", "a.c"], "debug c++": ["g++", "-g", "-I{dir}/include", "-c", "{dir}/sub/c.cc", "-o", "sub/c.o"]}
    for number, command in enumerate({**COMMANDS, **debug}.values(), 1):
        compare.assert_same(run(place, command, client_env(""), None), run(place, command, env, client))
        wait_jobs(server, number)


def test_a_farm_that_cannot_preprocess_gets_text(client_env, gateway, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    front = gateway(f"{server.host},lzo")
    env = pump_env(client_env, includes, f"unix:{front.path}")
    compare.assert_same(run(place, COMMANDS["c"], client_env(""), None), run(place, COMMANDS["c"], env, peers.CLIENT))
    wait_jobs(server, 1)
    assert "mode=plain reason=no-server-preprocesses" in (includes.dir / "client.log").read_text()


def test_debug_sections_are_all_that_differs_with_debugging(client_env, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo")
    stripped = []
    for wrapper, environment in ((None, client_env("")), (peers.CLIENT, env)):
        assert run(place, ["g++", "-g", "-I{dir}/include", "-c", "sub/c.cc", "-o", "c.o"], environment, wrapper).rc == 0
        subprocess.run(["strip", "-g", "c.o"], cwd=place.path, check=True)
        stripped.append((place.path / "c.o").read_bytes())
    assert stripped[0] == stripped[1]


def test_an_error_is_the_compilers_own(client_env, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo")
    local = run(place, ["gcc", "-c", "bad.c"], client_env(""), None)
    compare.assert_same(local, run(place, ["gcc", "-c", "bad.c"], env, peers.CLIENT))
    compare.assert_same(local, run(place, ["gcc", "-c", "bad.c"], {**env, "DISTCC_FALLBACK": "1"}, peers.CLIENT))
    assert not (includes.dir / "discrepancy_counter").exists()


def edit_within_a_tick(path):
    before = path.stat()
    path.write_text(path.read_text().replace("1", "7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def header_appears_earlier(path):
    (path / "first").mkdir(exist_ok=True)
    (path / "first" / "h.h").write_text("#define V 8\n")


def header_disappears(path):
    (path / "mid" / "h.h").unlink()


def link_is_retargeted(path):
    (path / "link").unlink()
    (path / "link").symlink_to("late")


def directory_is_replaced(path):
    (path / "mid").rename(path / "old")
    (path / "late").rename(path / "mid")


STALE = {
    "edited with the old time": ("-Imid", lambda path: edit_within_a_tick(path / "mid" / "h.h")),
    "appears earlier on the path": ("-Ifirst -Imid", header_appears_earlier),
    "removed and found later": ("-Imid -Ilate", header_disappears),
    "a link that is retargeted": ("-Ilink", link_is_retargeted),
    "a directory that is replaced": ("-Imid", directory_is_replaced),
}


@pytest.mark.parametrize("name", STALE)
def test_nothing_is_stale(name, base, client_env, include_server, stock_server):
    options, change = STALE[name]
    server, includes = stock_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo")
    path = base / "stale"
    for directory in ("mid", "late"):
        (path / directory).mkdir(parents=True)
    (path / "t.c").write_text("#include <h.h>\nint v = V;\n")
    (path / "mid" / "h.h").write_text("#define V 1\n")
    (path / "late" / "h.h").write_text("#define V 9\n")
    (path / "link").symlink_to("mid")

    def compile_both():
        for compiler, output in ([str(peers.CLIENT), "gcc"], "there.o"), (["gcc"], "here.o"):
            subprocess.run([*compiler, *options.split(), "-c", "t.c", "-o", output], cwd=path, env=env, check=True, timeout=60)
        return (path / "there.o").read_bytes(), (path / "here.o").read_bytes()
    there, here = compile_both()
    assert there == here
    change(path)
    changed, here = compile_both()
    assert changed == here and changed != there
    wait_jobs(server, 2)


def test_many_clients_at_once(base, client_env, include_server, stock_server):
    server, includes = stock_server(jobs=8), include_server()
    env = pump_env(client_env, includes, f"{server.host}/8,cpp,lzo")
    path = base / "many"
    path.mkdir()
    running = []
    for number in range(64):
        (path / f"u{number}.c").write_text(f"#include \"h{number % 5}.h\"\nint u{number} = H;\n")
        (path / f"h{number % 5}.h").write_text(f"#define H {number % 5}\n")
    for number in range(64):
        running.append(subprocess.Popen([peers.CLIENT, "gcc", "-c", f"u{number}.c"], cwd=path, env=env))
    assert [process.wait(timeout=100) for process in running] == [0] * 64
    wait_jobs(server, 64)
    for number in range(0, 64, 9):
        subprocess.run(["gcc", "-c", f"u{number}.c", "-o", "here.o"], cwd=path, check=True)
        assert (path / "here.o").read_bytes() == (path / f"u{number}.o").read_bytes()


def test_without_an_include_server_that_answers(client_env, include_server, stock_server, place):
    server, includes = stock_server(), include_server()
    env = pump_env(client_env, includes, f"{server.host},cpp,lzo", DISTCC_FALLBACK="1")
    del env["DISTCC_TESTING_INCLUDE_SERVER"]
    local = run(place, COMMANDS["c"], client_env(""), None)
    includes.kill()
    wait.until(includes.is_gone, "the include server to be dead")
    compare.assert_same(local, run(place, COMMANDS["c"], env, peers.CLIENT))
    assert "failed to talk to include server" in (includes.dir / "client.log").read_text()
    refused = run(place, COMMANDS["c"], {**env, "DISTCC_FALLBACK": "0"}, peers.CLIENT)
    assert refused.rc != 0 and "a.o" not in refused.files


def test_it_survives_everything_a_client_can_do(base, include_server):
    includes = include_server()
    (base / "t.c").write_text("")
    cwd = os.fsencode(base)
    good = pumpask.request(cwd, [b"gcc", b"-c", b"t.c"])
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(str(includes.socket))
    pumpask.talk(includes.socket, close=True)
    pumpask.talk(includes.socket, good[:20], close=True)
    pumpask.talk(includes.socket, good, close=True)
    for bad in (b"GET / HTTP/1.0\r\n\r\n", b"CDIRffffffff", b"CDIR00000001/ARGCffffffff", b"\0" * 4096):
        assert pumpask.talk(includes.socket, bad) == b""
    for words in ((), (b"",), (b"gcc", b""), (b"gcc", b"\xff\xfe.c"), (b"gcc", b"-D=x", b"t.c"), (b"gcc", b"-D$x=1", b"none.c"), (b"\xff", b"t.c"),
                  (b"gcc", b"-I", b"x" * 100000, b"t.c", b"u.c")):
        assert pumpask.talk(includes.socket, pumpask.request(cwd, words)) == b"ARGC00000000"
    for directory in (b"/no/such/directory", b"relative", b"", b"/" + b"x" * 5000):
        assert pumpask.talk(includes.socket, pumpask.request(directory, [b"gcc", b"-c", b"t.c"])) == b"ARGC00000000"
    for depth in range(2000):
        (base / f"deep{depth}.h").write_text(f"#include \"deep{depth + 1}.h\"\n")
    (base / "deep.c").write_text("#include \"deep0.h\"\n")
    assert pumpask.talk(includes.socket, pumpask.request(cwd, [b"gcc", b"-c", b"deep.c"])) == b"ARGC00000000"
    answers = [None] * 32

    def one(number):
        answers[number] = pumpask.talk(includes.socket, good)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(set(answers)) == 1 and b"/t.c.lzo" in answers[0]
    assert pumpask.talk(includes.socket, *(good[i:i + 1] for i in range(len(good)))) == answers[0], "one byte at a time"
    silent.close()


@pytest.fixture
def pump_place(base, client_env):
    """The environment of `pump`, whose temporary files are all in a directory of the test."""
    temporary = base / "tmp"
    temporary.mkdir()
    return temporary, client_env("127.0.0.1:1,cpp,lzo", TMPDIR=temporary, DISTCC_LOCATION=peers.BUILD)


SHELLS = [["dash"], ["busybox", "ash"], ["bash", "--posix"]]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_pump_runs_a_command_and_leaves_nothing(shell, pump_place):
    temporary, env = pump_place
    done = subprocess.run([*shell, PUMP, "sh", "-c", 'test -S "$INCLUDE_SERVER_PORT" && echo "$INCLUDE_SERVER_PORT"; exit 7'], env=env,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7, done
    assert f"{temporary}/distcc-pump." in done.stdout and done.stdout.startswith("__________Using distcc-pump from ")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP], ids=lambda number: number.name)
def test_the_include_server_ends_with_pump_however_that_ends(shell, number, pump_place):
    temporary, env = pump_place
    # exec: the command is what keeps the build going, and it ends when its stdin does
    process = subprocess.Popen([*shell, PUMP, "sh", "-c", "echo ready; exec cat"], env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    while process.stdout.readline() != "ready\n":
        pass
    assert list(temporary.iterdir())
    process.send_signal(number)
    process.stdin.close()
    process.wait(timeout=30)
    wait.until(lambda: not list(temporary.iterdir()), "everything to be removed", deadline_s=wait.within(5))
    process.stdout.close()


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_startup_and_shutdown(shell, pump_place):
    temporary, env = pump_place
    started = subprocess.run([*shell, PUMP, "--startup"], env=env, capture_output=True, text=True, timeout=60, check=True).stdout
    names = [line.split("=")[0] for line in started.splitlines()]
    assert names == [f"export {name}" for name in ("INCLUDE_SERVER_PID", "INCLUDE_SERVER_DIR", "INCLUDE_SERVER_PORT", "DISTCC_HOSTS", "PATH")]
    script = started + 'test -S "$INCLUDE_SERVER_PORT" || exit 9\n' + f'{" ".join(shell)} {PUMP} --shutdown\n' * 2
    done = subprocess.run([*shell, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert not list(temporary.iterdir())


def test_its_end_is_noticed_when_its_directory_is_removed(include_server):
    includes = include_server()
    includes.socket.unlink()
    wait.until(includes.is_gone, "the include server to end by itself", deadline_s=wait.within(5))


@pytest.mark.parametrize("link,suffix", [("\"link.h\"", ".lzo"), ("<link.h>", ".lzo.abs")], ids=["relative", "one of them absolute"])
def test_a_file_by_two_names_is_sent_once(include_server, base, link, suffix):
    """Else a server would have to choose; the one that says how diagnostics name it is the one."""
    (base / "real.h").write_text("")
    (base / "link.h").symlink_to("real.h")
    (base / "s.c").write_text(f"#include \"real.h\"\n#include {link}\n")
    names = pumpask.names(include_server().socket, base, ["gcc", f"-I{base}", "-c", "s.c"])
    assert [name for name in names if "/real.h" in name] == [next(name for name in names if name.endswith(f"/real.h{suffix}"))]
    assert sum(name.endswith("/link.h") for name in names) == 1


def test_copies_that_say_another_name_stand_beside_each_other(include_server, base):
    """A copy begins with the name that diagnostics are to show; clients may still be reading the first when the second is made."""
    includes, copies = include_server(), []
    (base / "real").mkdir()
    (base / "real" / "a.h").write_text("int a;\n")
    (base / "s.c").write_text("#include <a.h>\n")
    for way in ("one", "two", "one"):
        if not (base / way).exists():
            (base / way).symlink_to("real")
        names = pumpask.names(includes.socket, base, ["gcc", f"-I{base}/{way}", "-c", "s.c"])
        copies.append(next(name for name in names if name.endswith("/real/a.h.lzo.abs")))
    assert copies[0] == copies[2] != copies[1]
    for way, copy in zip(("one", "two"), copies):
        assert f"{way}/a.h".encode() in pathlib.Path(copy).read_bytes()


def test_scan_includes_lists_what_would_be_sent(client_env, include_server, place):
    includes = include_server()
    env = client_env("127.0.0.1:1,cpp,lzo", INCLUDE_SERVER_PORT=includes.socket)
    place.reset()
    (place.path / "real.h").write_text("")
    (place.path / "link.h").symlink_to("real.h")
    (place.path / "s.c").write_text("#include \"link.h\"\n#include \"sub/../a.h\"\n")
    (place.path / "sub" / "c.cc").unlink()
    done = subprocess.run([peers.CLIENT, "--scan-includes", "gcc", "-c", "s.c"], cwd=place.path, env=env, capture_output=True, text=True, check=True)
    path = place.path
    lines = done.stdout.splitlines()
    for line in (f"FILE      {path}/s.c", f"FILE      {path}/real.h", f"FILE      {path}/a.h", f"SYMLINK   {path}/link.h", f"DIRECTORY {path}/sub",
                 "SYSTEMDIR /usr/include"):
        assert line in lines
    assert done.stderr == ""
    refused = subprocess.run([peers.CLIENT, "--scan-includes", "gcc", "-c", "s.c"], cwd=path, env={**env, "DISTCC_HOSTS": "127.0.0.1:1"},
                             capture_output=True, text=True, check=False)
    assert refused.returncode == 100 and refused.stdout == "" and "wouldn't have used include server" in refused.stderr
