# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract of distcc 3.4 with those who package it: each switch of configure, each target and variable of
make, the exact list of installed files, and what a build may do (cross, BSD make, the same bytes twice)."""

import os
import re
import shutil
import stat
import subprocess

import pytest

from lib import peers

pytestmark = pytest.mark.skipif(peers.is_sanitized(), reason="the run without sanitizers does this")

# What 3.4 installs with --prefix=/usr --sysconfdir=/etc, but for its Python modules.
LIST_OF_3_4 = {
    "etc/default/distcc", "etc/distcc/hosts", "etc/distcc/clients.allow", "etc/distcc/commands.allow.sh",
    "usr/bin/distcc", "usr/bin/distccd", "usr/bin/lsdistcc", "usr/bin/distccmon-text", "usr/bin/pump",
    "usr/sbin/update-distcc-symlinks",
    *(f"usr/share/man/man1/{name}.1.gz" for name in ("distcc", "distccd", "distccmon-text", "lsdistcc", "pump", "include_server")),
    *(f"usr/share/doc/distcc/{name}" for name in (
        "AUTHORS", "COPYING", "INSTALL", "NEWS", "README", "README.pump", "TODO", "protocol-1.txt", "protocol-2.txt",
        "protocol-3.txt", "protocol-3-impl.txt", "protocol-gssapi.txt", "status-1.txt", "reporting-bugs.txt", "survey.txt")),
    *(f"usr/share/doc/distcc/example/{name}" for name in (
        "README", "default", "hosts.allow", "init", "init-suse", "logrotate", "services", "xinetd")),
}
PUMP_FILES = {"include_server.py", "distcc_pump_c_extensions.abi3.so"}
WITHOUT_PUMP = LIST_OF_3_4 - {"usr/bin/pump"}

TARGETS = ["all", "install", "uninstall", "check", "clean", "distclean", "maintainer-clean", "dist", "distcheck",
           "distcc-maintainer-check", "maintainer-check", "include-server-maintainer-check", "pump-maintainer-check", "lzo-check",
           "valgrind-check", "single-test", "installcheck", "daemon-installcheck", "showpaths", "include-server",
           "install-programs", "install-include-server", "install-man", "install-doc", "install-example", "install-gnome-data",
           "install-conf"]


def run(*command, cwd, rc=0, **env):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
                          env=peers.clean_env(MAKEFLAGS="", **env))
    assert done.returncode == rc, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done


def files_below(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def configure(tmp_path_factory):
    """configure(tree, words..., rc=0, variables) -> what it did; answers about the system are asked once."""
    cache = tmp_path_factory.mktemp("cache") / "config.cache"

    def answer(tree, *words, rc=0, **env):
        tree.mkdir(parents=True, exist_ok=True)
        if cache.exists() and not any(word.startswith(("--host", "--build")) for word in words):
            shutil.copy(cache, tree / "config.cache")
        done = run(peers.TOP / "configure", "--cache-file=config.cache", "CFLAGS=-O0", *words, cwd=tree, rc=rc, **env)
        if not cache.exists():
            shutil.copy(tree / "config.cache", cache)
        return done
    return answer


@pytest.fixture(scope="module")
def plain(configure, tmp_path_factory):
    """A tree that is configured and nothing else."""
    tree = tmp_path_factory.mktemp("configured")
    configure(tree, "--quiet")
    return tree


@pytest.fixture(scope="module")
def built(configure, tmp_path_factory):
    """{name of make: tree}: the same without the gateway, made by GNU and BSD make in places of different depth."""
    trees = {"make": tmp_path_factory.mktemp("gnu"), "bmake": tmp_path_factory.mktemp("bsd") / "some" / "where"}
    for make, tree in trees.items():
        configure(tree, "--quiet", "--disable-gateway", "--prefix=/usr", "--sysconfdir=/etc", f"MAKE={make}")
        run(make, "-s", "-j2", "all", cwd=tree)
    return trees


# ------------------------------------------------------------------------- configure

@pytest.mark.parametrize("switches", [
    ["--disable-pump-mode", "--enable-rfc2553", "--without-auth", "--without-avahi", "--without-gtk", "--without-gnome", "--disable-Werror",
     "--with-included-popt", "--without-libiberty", "ac_cv_func_sendfile=no", "ac_cv_header_sys_sendfile_h=no"],
    ["--disable-rfc2553", "--with-auth", "--with-avahi", "--enable-Werror", "--enable-profile", "--without-included-popt", "--with-libiberty",
     "INCLUDESERVER_PYTHON=/usr/bin/python3", "--libexecdir=/usr/lib", "--datarootdir=/usr/share", "--localstatedir=/var/lib",
     "--build=x86_64-pc-linux-gnu"],
], ids=["off", "on"])
def test_switches_of_3_4_are_taken_without_a_word(configure, tmp_path, switches):
    done = configure(tmp_path, "--quiet", *switches)
    assert done.stderr == ""
    makefile = (tmp_path / "Makefile").read_text()
    on = "--enable-profile" in switches
    assert ("-pg" in makefile) is on
    assert ("src/net/auth-gssapi.o" in makefile) is on and ("-lavahi-client" in makefile) is on
    assert bool(re.search(r"^PYTHON = .", makefile, re.M)) is on
    assert ("\nWERROR_CFLAGS = -Werror\n" in makefile) is on


@pytest.mark.parametrize("switch,page", [("--with-gtk", True), ("--with-gnome", True), ("--with-docdir=/x", False)])
def test_a_switch_that_has_lost_its_meaning_says_what_has_become_of_it(configure, tmp_path, switch, page):
    said = configure(tmp_path, "--quiet", switch).stderr
    assert ("distccmon-gnome" in said and "--http" in said) if page else "--docdir=DIR" in said


@pytest.mark.parametrize("missing,switch", [
    ("ac_cv_header_gssapi_gssapi_h", "--with-auth"), ("ac_cv_header_avahi_client_lookup_h", "--with-avahi"),
    ("ac_cv_header_event2_event_h", "--enable-gateway"), ("ac_cv_header_uthash_h", "--enable-gateway"),
    ("ac_cv_header_seccomp_h", "--with-libseccomp")])
def test_what_is_missing_is_an_error_only_if_it_is_wanted(configure, tmp_path, missing, switch):
    configure(tmp_path / "default", "--quiet", f"{missing}=no")
    assert "error: " in configure(tmp_path / "wanted", "--quiet", switch, f"{missing}=no", rc=1).stderr


def test_configure_ends_with_the_paths(configure, tmp_path):
    assert f"masquerade:    {tmp_path}/lib/distcc" in configure(tmp_path, f"--libdir={tmp_path}/lib").stdout


def test_an_empty_python_means_no_pump_mode(configure, tmp_path):
    assert configure(tmp_path, "--quiet", "PYTHON=").stderr == ""
    assert "include_server" not in run("make", "-n", "all", cwd=tmp_path).stdout


# ------------------------------------------------------------------------- make

@pytest.mark.parametrize("target", TARGETS)
def test_the_target_exists(plain, target):
    if target == "distcheck":
        # a line of its recipe with $(MAKE) in it would run even so
        assert "\ndistcheck: dist\n" in (plain / "Makefile").read_text()
    else:
        run("make", "-n", target, cwd=plain)


def test_variables_of_the_build_win_over_those_of_configure(plain):
    said = run("make", "-n", "distcc", "CC=my-cc", "CFLAGS=-mine", "CPPFLAGS=-DMINE", "LDFLAGS=-Wl,mine", "WERROR_CFLAGS=-Wmine", cwd=plain).stdout
    for word in ("my-cc", "-mine", "-DMINE", "-Wmine"):
        assert all(word in line for line in said.splitlines() if " -c " in line), word
    assert any("-Wl,mine" in line for line in said.splitlines() if "-o distcc" in line)
    said = run("make", "-n", "daemon-installcheck", "RESTRICTED_PATH=/only/here", "TESTDISTCC_OPTS=--valgrind", cwd=plain).stdout
    assert 'PATH="/only/here" ./$t' in said


def test_python_may_be_left_out_at_make_time(built, tmp_path):
    """With a tree whose configure has found one."""
    assert ".lo" not in run("make", "-n", "all", "PYTHON=", cwd=built["make"]).stdout
    run("make", "-s", "install", "PYTHON=", f"DESTDIR={tmp_path}", cwd=built["make"])
    assert files_below(tmp_path) == WITHOUT_PUMP


@pytest.mark.parametrize("make", ["make", "bmake"])
def test_without_the_gateway_exactly_the_files_of_3_4_are_installed(built, tmp_path, make):
    record = tmp_path / "record"
    run(make, "-s", "install", f"DESTDIR={tmp_path}/image", f"PYTHON_INSTALL_RECORD={record}", cwd=built[make])
    python = {name for name in files_below(tmp_path / "image") if re.match(r"usr/(local/)?lib/python3[.0-9]*/(site|dist)-packages/include_server/", name)}
    assert files_below(tmp_path / "image") - python == LIST_OF_3_4
    assert {name.rsplit("/", 1)[1] for name in python} == PUMP_FILES
    assert {line.lstrip("/") for line in record.read_text().splitlines()} == python
    script = (tmp_path / "image/usr/bin/pump").read_text()
    place = next(name for name in python if name.endswith(".py"))
    assert re.findall(r"^include_server=.*", script, re.M) == [f"include_server='/{place}'"]
    run(make, "-s", "uninstall", f"DESTDIR={tmp_path}/image", cwd=built[make])
    assert files_below(tmp_path / "image") == {name for name in LIST_OF_3_4 if name.startswith("etc/")}


def test_directories_given_to_install_win(built, tmp_path):
    run("make", "-s", "install", f"DESTDIR={tmp_path}", "prefix=/opt/d", "sysconfdir=/opt/e", "docdir=/opt/docs", "mandir=/opt/man",
        "pumpdir=/opt/py", cwd=built["make"])
    assert {"opt/d/bin/distcc", "opt/e/distcc/hosts", "opt/docs/NEWS", "opt/man/man1/pump.1.gz", "opt/py/include_server.py"} <= files_below(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"opt"}
    assert "\ninclude_server='/opt/py/include_server.py'\n" in (tmp_path / "opt/d/bin/pump").read_text()


# ------------------------------------------------------------------------- building

def test_two_builds_give_the_same_bytes_wherever_and_by_whatever_make(built):
    names = ["distcc", "distccd", "lsdistcc", "distccmon-text", "pump/distcc_pump_c_extensions.abi3.so", "pump/pump"]
    assert {name: (built["make"] / name).read_bytes() for name in names} == {name: (built["bmake"] / name).read_bytes() for name in names}


def test_bsd_make_has_nothing_to_do_twice_and_knows_what_depends_on_a_header(built):
    tree = built["bmake"]
    assert "-o " not in run("bmake", "-n", "all", cwd=tree).stdout
    # as if the object were older than its header
    os.utime(tree / "src/base/argv.o", (0, 0))
    (tree / "src/base/argv.d").write_text("src/base/argv.o: newer\nnewer:\n")
    (tree / "newer").touch()
    assert "src/base/argv.o" in run("bmake", "-n", "all", cwd=tree).stdout


def test_everything_optional_may_be_left_out(configure, tmp_path):
    """Each alternative of a feature compiles, too."""
    configure(tmp_path, "--quiet", "--enable-Werror", "--without-auth", "--without-avahi", "--without-libseccomp", "--disable-landlock",
              "--disable-pump-mode")
    for file in ("net/auth-none", "net/browse-none", "gateway/avahi-poll-none", "monitor/finder-none", "gateway/confine-none", "daemon/announce-none", "daemon/sysfilter-none",
                 "daemon/landlock-none"):
        run("make", "-s", f"src/{file}.o", cwd=tmp_path)
        assert f"src/{file}.o" in (tmp_path / "Makefile").read_text()


def test_programs_can_be_static(built, tmp_path):
    """Only linked anew here. Those that have libraries of the desktop and of GSS-API in them are configured without."""
    tree = tmp_path / "tree"
    shutil.copytree(built["make"], tree)
    for name in ("distcc", "distccmon-text"):
        (tree / name).unlink()
        run("make", "-s", name, "LDFLAGS=-static", cwd=tree)
        assert b"/ld-linux" not in (tree / name).read_bytes()
    assert run(tree / "distcc", "--version", cwd=tree).stdout.startswith("distcc ")


def test_all_documents_are_installed(plain, tmp_path):
    run("make", "-s", "install-doc", f"DESTDIR={tmp_path}", "docdir=/doc", cwd=plain)
    assert files_below(tmp_path / "doc") == {path.name for path in (peers.TOP / "doc").iterdir() if path.suffix not in (".c", "")
                                             or path.name.isupper()} | {"NEWS", "README", "COPYING"}


@pytest.mark.parametrize("how", [["autoreconf", "-fvi"], ["sh", "autogen.sh"]], ids=["autoreconf", "autogen"])
def test_configure_is_made_again_from_a_tree_without_it(tmp_path, how):
    for name in ("configure.ac", "Makefile.in", "autogen.sh", "src/wire/token.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(peers.TOP / name, tmp_path / name)
    run(*how, cwd=tmp_path)
    assert (tmp_path / "configure").stat().st_mode & stat.S_IXUSR
    run("./configure", "--help", cwd=tmp_path)


# Compiles as the real one does, and makes each program one for another machine: it cannot be run here.
CROSS_CC = """#!/bin/sh
out=a.out last= kind=program
for word; do
	[ "$last" != -o ] || out=$word
	case $word in
	-dumpmachine) echo aarch64-linux-gnu; exit ;;
	-c|-E|-S|-M|-shared|-v|-V|--version|-qversion) kind=other ;;
	esac
	last=$word
done
gcc "$@" || exit
[ $kind = other ] || printf '\\267\\000' | dd of="$out" bs=1 seek=18 conv=notrunc 2>/dev/null
"""


def test_a_cross_build_runs_no_program_that_it_makes(configure, tmp_path):
    cc = tmp_path / "bin" / "aarch64-linux-gnu-gcc"
    cc.parent.mkdir()
    cc.write_text(CROSS_CC)
    cc.chmod(0o755)
    (tmp_path / "one.c").write_text("int main(void) { return 0; }\n")
    run(cc, "one.c", "-o", "one", cwd=tmp_path)
    with pytest.raises(OSError):
        subprocess.run([tmp_path / "one"], check=False)
    path = f"{cc.parent}:{os.environ['PATH']}"
    configure(tmp_path / "tree", "--quiet", "--host=aarch64-linux-gnu", PATH=path)
    assert "\nCC = aarch64-linux-gnu-gcc\n" in (tmp_path / "tree/Makefile").read_text()
    run("make", "-s", "-j2", "all", cwd=tmp_path / "tree", PATH=path)
    run("make", "-s", "install", f"DESTDIR={tmp_path}/image", cwd=tmp_path / "tree", PATH=path)
    for name in ("distcc", "distccd", "distcc-gateway", "lsdistcc", "distccmon-text"):
        assert (tmp_path / "image/usr/local/bin" / name).read_bytes()[18] == 183, name


# ------------------------------------------------------------------------- the server of start scripts

STARTS = {
    "Debian's unit": "--daemon --no-detach --allow 127.0.0.1 10.0.0.0/8 --listen 127.0.0.1 --jobs 3 --nice 10",
    "Debian's script": "--pid-file={tmp}/pid --log-file={tmp}/log --daemon --no-detach --allow 127.0.0.1 --allow 10.0.0.0/8",
    "Gentoo's unit": "--no-detach --daemon -N 15 --allow 127.0.0.1",
    "Gentoo's script": "--daemon --no-detach --log-level critical --allow 127.0.0.1 -N 15 --log-stderr",
    "Alpine's script": "--pid-file {tmp}/pid -N 5 --daemon --no-detach --allow 127.0.0.1",
    "NixOS's module": "--no-detach --daemon --enable-tcp-insecure --job-lifetime 100 --log-level warning --jobs 2 --nice 1 --stats"
                      " --stats-port {stats} --allow 127.0.0.1",
    "the old name": "--daemon --no-detach --make-me-a-botnet -a 127.0.0.1 -j 2 -P {tmp}/pid --verbose --no-fifo",
    "private networks": "--daemon --no-detach --no-fork --allow-private --lifetime 1000",
}


@pytest.mark.parametrize("words", STARTS.values(), ids=STARTS)
def test_the_server_starts_as_recipes_start_it(base, words):
    class Started(peers.Server):
        def __init__(self):
            super().__init__(peers.SERVER, base / "server")
            given = words.format(tmp=base / "server", stats=peers.free_port()).split()
            self.command = [str(peers.SERVER), "--user", "distccd", "--port", str(self.port), *given]
    with Started() as server:
        assert server.process.poll() is None
