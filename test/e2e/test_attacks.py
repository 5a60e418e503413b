# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stranger may try with a server, and that it is refused or contained: afterwards the server
serves the next job, nothing runs that should not, nothing lies about, and nothing outside has changed.
As root that drops its rights, as an ordinary user, and with parts of the confinement missing."""

import os
import pathlib
import pwd
import socket
import stat
import sys

import pytest

from lib import peers, wait, wire

FULL = ("root", "user")
LANDLOCK = ("root", "user", "no seccomp")
SECCOMP = ("root", "user", "no landlock")
EITHER = ("root", "user", "no seccomp", "no landlock")
ALL = ("root", "user", "no seccomp", "no landlock", "off")

# A "compiler" that runs its source.
EVIL = """#!/usr/bin/python3 -I
import sys
source = next(word for word in sys.argv[1:] if word.endswith((".i", ".c")))
exec(open(source).read(), {"OUT": sys.argv[sys.argv.index("-o") + 1], "MARK": "REACH" + "ED"})
"""

PRELUDE = """
import ctypes, mmap, os, resource, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), "held")
def attempt(act, *args):
    try:
        act(*args)
        print(MARK, flush=True)
    except BaseException as held:
        print("HELD", repr(held), flush=True)
PARENT = os.getppid()
# the directory of the server's other worker, which of the two this one ever is
OWN = os.path.dirname(os.environ["TMPDIR"])
OTHER = os.path.join(os.path.dirname(OWN), "1" if os.path.basename(OWN) == "0" else "0")
def detach():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
"""

# name: (modes in which it must be held, Python of the attacker)
HELD = {
    "read /etc/shadow": (ALL, "attempt(open, '/etc/shadow')"),
    "read /etc/passwd": (LANDLOCK, "attempt(open, '/etc/passwd')"),
    "read the server's environment": (LANDLOCK, "attempt(open, '/proc/%d/environ' % PARENT, 'rb')"),
    "read the server's memory": (ALL, "attempt(open, '/proc/%d/mem' % PARENT, 'rb')"),
    "list /proc": (LANDLOCK, "attempt(os.listdir, '/proc')"),
    "list the temp directory": (LANDLOCK, "attempt(os.listdir, os.path.dirname(os.path.dirname(os.environ['TMPDIR'])))"),
    "read another job": (LANDLOCK, "attempt(os.listdir, OTHER)"),
    "write into another job": (LANDLOCK, "attempt(open, OTHER + '/x', 'w')"),
    "remove the server's lock": (LANDLOCK, "attempt(os.unlink, os.path.dirname(os.path.dirname(os.environ['TMPDIR'])) + '/.lock')"),
    "write a new file outside": (LANDLOCK, "attempt(open, '{outside}/new', 'w')"),
    "write into a file outside": (LANDLOCK, "attempt(open, '{outside}/open', 'a')"),
    "truncate a file outside": (LANDLOCK, "attempt(os.truncate, '{outside}/open', 0)"),
    "remove a file outside": (LANDLOCK, "attempt(os.unlink, '{outside}/open')"),
    "rename a file outside": (LANDLOCK, "attempt(os.rename, '{outside}/open', '{outside}/moved')"),
    "move a file of its own out": (LANDLOCK, "open('own', 'w').close()\nattempt(os.rename, 'own', '{outside}/own')"),
    "link a file outside into the job": (LANDLOCK, "attempt(os.link, '{outside}/open', 'linked')"),
    "link a file of its own out": (LANDLOCK, "open('own', 'w').close()\nattempt(os.link, 'own', '{outside}/own')"),
    "make a link outside": (LANDLOCK, "attempt(os.symlink, '/etc/passwd', '{outside}/link')"),
    "make a directory outside": (LANDLOCK, "attempt(os.mkdir, '{outside}/dir')"),
    "make a pipe outside": (LANDLOCK, "attempt(os.mkfifo, '{outside}/fifo')"),
    "write to /dev/shm": (LANDLOCK, "attempt(open, '/dev/shm/distcc-attack', 'w')"),
    "write through a link in the job": (LANDLOCK, "os.symlink('{outside}/new', 'link')\nattempt(open, 'link', 'w')"),
    "make a device": (ALL, "attempt(os.mknod, 'dev', 0o600 | 0o020000, os.makedev(1, 1))"),
    "a TCP socket": (SECCOMP, "attempt(socket.socket, socket.AF_INET, socket.SOCK_STREAM)"),
    "a UDP socket": (SECCOMP, "attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)"),
    "a UNIX socket": (SECCOMP, "attempt(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM)"),
    "a netlink socket": (SECCOMP, "attempt(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW)"),
    "a pair of sockets": (SECCOMP, "attempt(socket.socketpair)"),
    "connect to the server": (EITHER, "attempt(lambda: socket.create_connection(('127.0.0.1', {port})))"),
    "listen on TCP": (EITHER, "attempt(lambda: socket.create_server(('127.0.0.1', {free})))"),
    "stop the worker": (EITHER, "attempt(os.kill, PARENT, signal.SIGSTOP)"),
    "kill the worker": (EITHER, "attempt(os.kill, PARENT, signal.SIGKILL)"),
    "kill everybody": (("no landlock",), "attempt(os.kill, -1, signal.SIGKILL)"),
    "kill a thread of the worker": (EITHER, "attempt(call, 234, PARENT, PARENT, signal.SIGKILL)"),
    "queue a signal": (EITHER, "attempt(call, 129, PARENT, signal.SIGTERM, ctypes.create_string_buffer(128))"),
    "trace the worker": (ALL, "attempt(call, 101, 16, PARENT, 0, 0)"),
    "write the worker's memory": (ALL, "attempt(call, 311, PARENT, ctypes.create_string_buffer(64), 1, ctypes.create_string_buffer(64), 1, 0)"),
    "another session": (SECCOMP, "if os.fork() == 0:\n    attempt(os.setsid)\n    os._exit(0)\nos.wait()"),
    "a user namespace": (SECCOMP, "attempt(call, 272, 0x10000000)"),
    "a user namespace by clone": (SECCOMP, "attempt(call, 56, 0x10000000 | 17, 0, 0, 0, 0)"),
    "a mount": (ALL, "attempt(call, 165, b'/etc', b'/tmp', 0, 4096, 0)"),
    "another root": (ALL, "attempt(os.chroot, '.')"),
    "shared memory of System V": (SECCOMP, "attempt(call, 29, 4711, 4096, 0o1666)"),
    "a message queue of System V": (SECCOMP, "attempt(call, 68, 4711, 0o1666)"),
    "io_uring": (SECCOMP, "attempt(call, 425, 4, ctypes.create_string_buffer(120))"),
    "bpf": (ALL, "attempt(call, 321, 5, ctypes.create_string_buffer(128), 128)"),
    "a key ring": (SECCOMP, "attempt(call, 250, 1, 0)"),
    "another user": (ALL, "attempt(os.setuid, 0)"),
    "a core file": (EITHER, "attempt(resource.setrlimit, resource.RLIMIT_CORE, (1 << 20, 1 << 20))"),
    "more memory than allowed": (EITHER, "attempt(bytearray, 3 << 30)"),
    "a larger file than allowed": (EITHER, "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                                           "attempt(lambda: os.pwrite(os.open('big', os.O_CREAT | os.O_WRONLY), b'x', 1 << 31))"),
}

# Whatever becomes of it, what counts is how the server is afterwards.
LEFT = {
    "a process in another session": (ALL, "attempt(detach)"),
    "a process that ignores SIGTERM": (ALL, "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.fork() or time.sleep(1000)"),
    "closed its standard files": (ALL, "os.fork() or (os.closerange(0, 100), time.sleep(1000))"),
    "many processes": (EITHER, "try:\n    while True:\n        os.fork() or time.sleep(1000)\nexcept BaseException:\n    pass"),
    "ten thousand files": (ALL, "for i in range(10000):\n    open(f'f{{i}}', 'w').close()"),
    "a directory without rights": (ALL, "os.makedirs('a/b')\nopen('a/b/c', 'w').close()\nos.chmod('a/b', 0)\nos.chmod('a', 0)"),
    "a deep tree": (ALL, "for i in range(60):\n    os.mkdir('d')\n    os.chdir('d')"),
    "a bottomless tree": (ALL, "for i in range(500):\n    os.mkdir('d')\n    os.chdir('d')"),
    "links in a circle": (ALL, "os.symlink('b', 'a')\nos.symlink('a', 'b')\nos.symlink('.', 'here')"),
    "an object that is a link to a secret": (ALL, "os.symlink('/etc/passwd', OUT)"),
    "an object that is a pipe": (ALL, "os.mkfifo(OUT)"),
    "an object that is a directory": (ALL, "os.mkdir(OUT)"),
    "an object with two names": (ALL, "open('other', 'w').write('x')\nos.link('other', OUT)"),
    "the job's directory replaced by a link": (ALL, "d = os.environ['TMPDIR']\ntry:\n    os.rename(d, d + '.old')\n    os.symlink('/etc', d)\nexcept OSError:\n    pass"),
    "its standard output replaced": (ALL, "os.rename('.stdout', 'x')\nos.symlink('/etc/passwd', '.stdout')\nos.symlink('/etc/passwd', OUT)"),
    "the connection used": (ALL, "for fd in range(3, 64):\n    try:\n        os.write(fd, b'DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000000')\n    except OSError:\n        pass"),
    "killed itself": (ALL, "os.kill(0, signal.SIGKILL)"),
}


def tree_of(path):
    """Names, kinds and contents below a directory."""
    found = {}
    for top, dirs, files in os.walk(path):
        for name in dirs + files:
            entry = pathlib.Path(top, name)
            mode = entry.lstat().st_mode
            found[str(entry)] = (mode, entry.read_bytes() if stat.S_ISREG(mode) else b"")
    return found


class Site:
    """A server in one of the modes, with a place beside it that must not change."""

    def __init__(self, mode, base):
        self.mode = mode
        self.bin = base / "bin"
        self.outside = base / "outside"
        for path in (base, self.bin, self.outside):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        self.outside.chmod(0o777)
        (self.outside / "open").write_text("open to all\n")
        (self.outside / "open").chmod(0o666)
        evil = self.bin / "evil"
        evil.write_text(EVIL)
        evil.chmod(0o755)
        extra = ["--enable-tcp-insecure", "--tool", self.bin, "--job-memory", 1024, "--job-lifetime", 20]
        if mode == "off":
            extra += ["--sandbox=off"]
        self.server = peers.our_server(base / "tmp", jobs=2, extra=extra)
        if mode == "user":
            self.server.command = ["setpriv", "--reuid=distccd", "--regid=65534", "--clear-groups", "--", *self.server.command]
        elif mode.startswith("no "):
            missing = pathlib.Path(__file__).parent / "lib" / "missing.py"
            self.server.command = [sys.executable, str(missing), mode[3:], *self.server.command]

    def __enter__(self):
        self.server.__enter__()
        self.before = tree_of(self.outside)
        self.shadow = pathlib.Path("/etc/shadow").stat()
        return self

    def __exit__(self, *_):
        self.server.stop()

    def ask(self, data, timeout=60):
        return wire.ask(self.server.port, data, timeout)

    def run_evil(self, text):
        text = text.format(outside=self.outside, port=self.server.port, free=peers.free_port())
        source = (PRELUDE + text + "\n").encode()
        return self.ask(wire.plain([str(self.bin / "evil"), "-c", "x.c", "-o", "x.o"], source))

    def children(self):
        """The processes of the server, without itself and its workers."""
        pids = {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                pids[int(entry.name)] = (int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]), (entry / "comm").read_text().strip())
            except (ValueError, OSError):
                continue
        mine = {self.server.pid}
        while more := {pid for pid, (parent, _) in pids.items() if parent in mine} - mine:
            mine |= more
        return [f"{pid} {pids[pid][1]}" for pid in mine if pid in pids and pids[pid][1] != "distccd"]

    def assert_well(self):
        """It serves, at once, and everything is as it was."""
        reply = self.ask(wire.plain(["gcc", "-c", "x.c", "-o", "x.o"]))
        assert reply["STAT"] == 0 and reply["DOTO"], reply
        assert tree_of(self.outside) == self.before
        assert pathlib.Path("/etc/shadow").stat().st_mtime == self.shadow.st_mtime
        assert not os.path.lexists("/dev/shm/distcc-attack")
        wait.until(lambda: not self.children(), f"the attacker's processes to be gone: {self.children()}", deadline_s=wait.within(5))
        jobs = [path for path in self.server.tmp.glob("distccd_*/*/*")]
        wait.until(lambda: not any(path.exists() for path in jobs), "the jobs' files to be gone", deadline_s=wait.within(5))
        uid = pwd.getpwnam("distccd").pw_uid
        strays = [name for name in os.listdir("/proc") if name.isdigit() and self._is_stray(name, uid)]
        assert not strays

    @staticmethod
    def _is_stray(name, uid):
        try:
            return os.stat(f"/proc/{name}").st_uid == uid and b"/evil\0" in pathlib.Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            return False


@pytest.fixture(scope="module", params=ALL)
def site(request, tmp_path_factory):
    base = tmp_path_factory.mktemp("attack")
    for path in (base, *base.parents):
        if str(path) == "/tmp":
            break
        path.chmod(0o755)
    with Site(request.param, base) as running:
        yield running


def test_the_layers_are_those_that_the_mode_has(site):
    log = site.server.wait_log("confined")[0]
    assert ("landlock" in log) == (site.mode in LANDLOCK)
    assert ("seccomp," in log) == (site.mode in SECCOMP)
    assert ("not confined" in log) == (site.mode == "off")


@pytest.mark.parametrize("name", HELD)
def test_held(site, name):
    modes, text = HELD[name]
    if site.mode in modes:
        reply = site.run_evil(text)
        assert b"REACHED" not in reply["SOUT"], reply
        assert b"HELD" in reply["SOUT"], reply
        site.assert_well()


@pytest.mark.parametrize("name", LEFT)
def test_nothing_is_left(site, name):
    modes, text = LEFT[name]
    if site.mode in modes:
        reply = site.run_evil(text)
        assert b"root:" not in reply.get("DOTO", b"") + reply.get("SOUT", b"")
        site.assert_well()


@pytest.mark.parametrize("words", [["-MD", "-MF", "{outside}/new"], ["-MD", "-MF{outside}/new"]], ids=["separate", "joined"])
def test_a_dependency_file_of_version_3_is_the_jobs_own(site, words):
    """Stock clients send where theirs is; what they get back is its content."""
    argv = ["gcc", *(word.format(outside=site.outside) for word in words), "-c", "x.c", "-o", "x.o"]
    reply = site.ask(wire.pump(argv, "/w", [("/w/x.c", b"int x;\n")]))
    assert reply["STAT"] == 0 and reply["DOTD"].startswith(b"x.o:")
    site.assert_well()


LOOK_AROUND = b"""import os
for look in (lambda: open("/etc/passwd"), lambda: os.listdir("/proc"), lambda: os.listdir("/home"), lambda: os.chroot(".")):
    try:
        look()
        print(MARK)
    except OSError:
        print("HELD")
"""


def test_a_job_with_a_file_system_of_its_own_sees_nothing_else(site):
    if site.mode in ("root", "user"):
        argv = [str(site.bin / "evil"), "-c", "x.c", "-o", "x.o"]
        reply = site.ask(wire.pump(argv, "/w", [("/w/x.c", LOOK_AROUND)]))
        assert reply["SOUT"].count(b"HELD") == 4 and b"REACHED" not in reply["SOUT"], reply
        site.assert_well()


# ------------------------------------------------------------------ with a real compiler

SOURCES = {
    "incbin of a secret": b"asm(\".incbin \\\"/etc/shadow\\\"\");\n",
    "incbin of a file of the system": b"asm(\".incbin \\\"/etc/passwd\\\"\");\n",
    "include by the assembler": b"asm(\".include \\\"/etc/passwd\\\"\");\n",
    "incbin by ..": b"asm(\".incbin \\\"../../../../../../../../etc/passwd\\\"\");\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_brings_no_file_of_the_servers(site, name):
    if site.mode in LANDLOCK or b"shadow" in SOURCES[name]:
        reply = site.ask(wire.plain(["gcc", "-c", "x.c", "-o", "x.o"], SOURCES[name]))
        assert reply["STAT"] != 0 and b"root:" not in reply["SERR"] + reply["SOUT"]
        site.assert_well()


INCLUDES = {
    "by name": b"#include \"/etc/passwd\"\n",
    "by ..": b"#include \"../../../../../../../../etc/passwd\"\n",
    "by __has_include": b"#if __has_include(\"/etc/passwd\")\n#error it is there\n#endif\nint x;\n",
}


@pytest.mark.parametrize("name", INCLUDES)
def test_an_include_of_the_servers_files_finds_nothing(site, name):
    if site.mode in ("root", "user"):
        reply = site.ask(wire.pump(["gcc", "-c", "x.c", "-o", "x.o"], "/w", [("/w/x.c", INCLUDES[name])]))
        assert b"root:" not in reply["SERR"] and (b"No such file" in reply["SERR"] or reply["STAT"] == 0), reply
        site.assert_well()


BOMBS = {
    "endless templates": ("g++", "x.cc", b"template <int N> struct a { a<N + 1> x; typename a<N + 1>::t y; };\na<0> b;\n", ["-ftemplate-depth=1000000"]),
    "a bomb of macros": ("gcc", "x.c", b"".join(b"#define m%d m%d m%d\n" % (i, i - 1, i - 1) for i in range(1, 40)) + b"m39\n", ["-fdirectives-only"]),
    "a huge array": ("gcc", "x.c", b"char a[1ul << 40] = { 1 };\n", []),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_for_the_compiler_go_off_inside(site, name):
    if site.mode == "root":
        compiler, file, text, options = BOMBS[name]
        reply = site.ask(wire.pump([compiler, *options, "-c", file, "-o", "x.o"], "/w", [(f"/w/{file}", text)]))
        assert reply == {} or reply["STAT"] != 0
        site.assert_well()


COMMANDS = {
    "a command in the name": ["gcc;touch {outside}/new", "-c", "x.c", "-o", "x.o"],
    "a substitution in the name": ["$(touch {outside}/new)", "-c", "x.c", "-o", "x.o"],
    "no name": ["", "-c", "x.c", "-o", "x.o"],
    "a dot": [".", "-c", "x.c", "-o", "x.o"],
    "an option": ["-c", "-c", "x.c", "-o", "x.o"],
    "a newline": ["gcc\nERROR: forged", "-c", "x.c", "-o", "x.o"],
    "a command in the source's name": ["gcc", "-c", "x;touch {outside}/new;.c", "-o", "x.o"],
    "a pipe in the source's name": ["gcc", "-c", "|touch {outside}/new .c", "-o", "x.o"],
    "an option for a source": ["gcc", "-c", "-fplugin=x.c", "-o", "x.o"],
    "a source elsewhere": ["gcc", "-c", "{outside}/../x.c", "-o", "{outside}/new"],
    "an output elsewhere": ["gcc", "-c", "x.c", "-o{outside}/new"],
    "a dependency file elsewhere": ["gcc", "-Wp,-MD,{outside}/new", "-c", "x.c", "-o", "x.o"],
    "a dependency file by -MF": ["gcc", "-MD", "-MF", "{outside}/new", "-c", "x.c", "-o", "x.o"],
    "a dependency file by -MF, joined": ["gcc", "-MD", "-MF{outside}/new", "-c", "x.c", "-o", "x.o"],
    "an include by option": ["gcc", "-x", "c", "-include", "/etc/passwd", "-c", "x.c", "-o", "x.o"],
    "times elsewhere": ["gcc", "-time={outside}/new", "-c", "x.c", "-o", "x.o"],
    "a plugin for the preprocessor": ["gcc", "-Wp,-fplugin={outside}/open", "-c", "x.c", "-o", "x.o"],
    "another kind of command line": ["clang", "--driver-mode=cl", "-clang:-fplugin={outside}/open", "-c", "x.c", "-o", "x.o"],
    "a dump elsewhere": ["gcc", "-fdump-tree-original={outside}/new", "-c", "x.c", "-o", "x.o"],
    "a listing elsewhere": ["gcc", "-Wa,-al={outside}/new", "-c", "x.c", "-o", "x.o"],
    "a wrapper": ["gcc", "-wrapper", "touch,{outside}/new", "-c", "x.c", "-o", "x.o"],
    "a plugin": ["gcc", "-fplugin={outside}/open", "-c", "x.c", "-o", "x.o"],
    "a response file": ["gcc", "@{outside}/open", "-c", "x.c", "-o", "x.o"],
    "specs": ["gcc", "--specs={outside}/open", "-c", "x.c", "-o", "x.o"],
    "other tools": ["gcc", "-B{outside}", "-c", "x.c", "-o", "x.o"],
    "a module mapper": ["g++", "-fmodule-mapper=|touch {outside}/new", "-c", "x.cc", "-o", "x.o"],
    "a profile": ["gcc", "-fprofile-use={outside}/open", "-c", "x.c", "-o", "x.o"],
    "coverage notes elsewhere": ["gcc", "--coverage", "-fprofile-dir={outside}", "-c", "x.c", "-o", "x.o"],
    "a plugin of clang's": ["clang", "-Xclang", "-load", "-Xclang", "{outside}/open", "-c", "x.c", "-o", "x.o"],
    "two sources": ["gcc", "-c", "x.c", "y.c", "-o", "x.o"],
    "two outputs": ["gcc", "-c", "x.c", "-o", "x.o", "-o", "{outside}/new"],
    "a missing argument": ["gcc", "-c", "x.c", "-o"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_stay_in_the_job(site, name):
    argv = [word.format(outside=site.outside) for word in COMMANDS[name]]
    reply = site.ask(wire.plain(argv))
    assert b"uid=" not in reply.get("SOUT", b"")
    site.assert_well()


@pytest.mark.parametrize("name", ["/bin/sh", "sh", "/usr/bin/../../bin/sh", "../sh", "/usr/bin/env", "python3", "/usr/bin/python3"])
def test_what_is_no_compiler_is_not_run(our_server, name):
    """With the allow-list: the servers above run what a client names, as they were told."""
    server = our_server(jobs=1)
    reply = wire.ask(server.port, wire.plain([name, "-c", "id", "x.c"]))
    assert reply["STAT"] == 110 << 8 and b"uid=" not in reply["SOUT"], reply
    assert wire.ask(server.port, wire.plain(["gcc", "-c", "x.c", "-o", "x.o"]))["STAT"] == 0


BYTES = {
    "nothing of the protocol": b"GET / HTTP/1.0\r\n\r\n" + b"x" * 100,
    "a version that is not there": b"DIST00000009ARGC00000001",
    "a forked version": b"DIST00000fa0ARGC00000001",
    "no words": b"DIST00000001ARGC00000000DOTI00000000",
    "too many words": b"DIST00000001ARGCffffffff",
    "a hundred thousand words": b"DIST00000001ARGC000186a0" + b"ARGV00000001x" * 100000,
    "a word of 4 GiB": b"DIST00000001ARGC00000001ARGVffffffff",
    "a negative length": b"DIST00000001ARGC00000001ARGV-0000001x",
    "a length with a sign": b"DIST00000001ARGC00000001ARGV+0000001x",
    "a word with a NUL": b"DIST00000001ARGC00000001ARGV00000005gcc\0xDOTI00000000",
    "a source of 4 GiB": b"DIST00000001" + wire.command(["gcc", "-c", "x.c"]) + b"DOTIffffffff",
    "a wrong token": b"DIST00000001" + wire.command(["gcc", "-c", "x.c"]) + b"STAT00000000",
    "broken compression": b"DIST00000002" + wire.command(["gcc", "-c", "x.c", "-o", "x.o"]) + wire.text("DOTI", b"\xff" * 64),
    "bytes after the end of a block": b"DIST00000002" + wire.command(["gcc", "-c", "x.c", "-o", "x.o"]) + wire.text("DOTI", wire.store(b"int x;") + b"x"),
    "too many files": b"DIST00000003" + wire.text("CDIR", "/w") + wire.command(["gcc", "-c", "x.c"]) + b"NFILffffffff",
    "a file that is no file": b"DIST00000003" + wire.text("CDIR", "/w") + wire.command(["gcc", "-c", "x.c"]) + b"NFIL00000001" + wire.text("NAME", "/a") + b"DOTI00000000",
}


@pytest.mark.parametrize("name", BYTES)
def test_broken_requests_are_refused(site, name):
    if site.mode in ("root", "user"):
        reply = site.ask(BYTES[name])
        assert reply == {} or reply["STAT"] != 0
        site.assert_well()


def test_a_bomb_of_compression_is_bounded(site):
    """A GiB and more in a block of 4 MiB."""
    if site.mode == "root":
        zeros = 1200 << 20
        q, r = divmod(zeros - 33 - 1, 255)
        block = b"\x12\0" + b"\x20" + b"\0" * q + bytes([r + 1]) + b"\0\0" + b"\x11\0\0"
        reply = site.ask(b"DIST00000002" + wire.command(["gcc", "-c", "x.c", "-o", "x.o"]) + wire.text("DOTI", block))
        assert reply == {} or reply["STAT"] != 0
        site.assert_well()


def test_ten_thousand_files_are_a_job_like_others(site):
    if site.mode == "user":
        files = [(f"/w/d{i % 100}/f{i}.h", b"int x;\n") for i in range(10000)]
        reply = site.ask(wire.pump(["gcc", "-c", "x.c", "-o", "x.o"], "/w", [("/w/x.c", b"#include \"d7/f7.h\"\n"), *files]))
        assert reply["STAT"] == 0
        site.assert_well()


@pytest.mark.parametrize("cut", [1, 11, 12, 13, 30, 60, 100])
def test_a_request_that_stops_in_the_middle_holds_nobody(site, cut):
    if site.mode == "root":
        subject = wire.plain(["gcc", "-c", "x.c", "-o", "x.o"])[:cut]
        with socket.create_connection(("127.0.0.1", site.server.port)) as sock:
            sock.sendall(subject)
        site.assert_well()
