# SPDX-License-Identifier: GPL-2.0-or-later
"""The client is a static program with musl, too, without a warning, and works as such: what Alpine's
C library lacks or does differently would show here."""

import concurrent.futures
import pathlib
import shutil
import subprocess

import pytest

from lib import compare, peers

# popt and libevent are not here for musl; the layers below the programs and the client need neither.
FOLDERS = ("base", "wire", "compiler", "hosts", "state", "net", "client")
FLAGS = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-D_GNU_SOURCE", '-DPACKAGE_VERSION="4.0"',
         '-DGNU_HOST="x86_64-linux-musl"', '-DNATIVE_TRIPLE="x86_64-linux-gnu"', '-DSYSCONFDIR="/etc"',
         '-DLIBDIR="/usr/lib"', '-DBINDIR="/usr/bin"', '-DZEROCONF_LINE=""', '-DGSSAPI_LIBRARY="libgssapi_krb5.so.2"']


def objects():
    """The sources that the build tree was made of: configure has chosen among alternatives."""
    found = [path.relative_to(peers.BUILD) for folder in FOLDERS for path in (peers.BUILD / "src" / folder).glob("*.o")]
    assert len(found) > 40
    return [str(path.with_suffix(".c")) for path in found]


def compile_one(source, out):
    target = out / source.replace("/", "_").replace(".c", ".o")
    # headers of liblzo2 and of the kernel are the system's, after musl's own
    return subprocess.run(["musl-gcc", *FLAGS, f"-I{peers.TOP}/src", "-idirafter", "/usr/include", "-idirafter",
                           "/usr/include/x86_64-linux-gnu", "-c", peers.TOP / source, "-o", target],
                          capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    out = tmp_path_factory.mktemp("musl")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = [done.stderr for done in pool.map(lambda source: compile_one(source, out), objects())]
    assert "".join(said) == ""
    lzo = subprocess.run(["gcc", "-print-file-name=liblzo2.a"], capture_output=True, text=True, check=True).stdout.strip()
    program = out / "distcc"
    # as in the Makefile, so that only what the client needs is linked
    main, rest = out / "src_client_main.o", out / "rest.a"
    subprocess.run(["ar", "rcs", rest, *(o for o in out.glob("*.o") if o != main)], check=True)
    subprocess.run(["musl-gcc", "-static", "-o", program, main, rest, lzo], check=True)
    return pathlib.Path(program)


@pytest.mark.skipif(not shutil.which("musl-gcc"), reason="this system has no musl-gcc (package musl-tools)")
def test_a_static_client_of_musl_compiles_through_a_gateway(client, stock_server, gateway, workplace):
    server = stock_server()
    gw = gateway([f"{server.host}/4"])
    command = ["gcc", "-O2", "-MD", "-c", "hello.c", "-o", "hello.o"]
    local = workplace.run(command, peers.clean_env())
    env = peers.clean_env(HOME="/nonexistent", DISTCC_HOSTS=f"{gw.host},lzo", DISTCC_FALLBACK="0")
    compare.assert_same(local, workplace.run([client, *command], env))
    server.wait_count(1)
