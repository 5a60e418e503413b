# SPDX-License-Identifier: GPL-2.0-or-later
"""The tarball of `make dist` builds out of a tree that cannot be written, with clang and without a
warning (the tree under test was built by gcc with the same flag), passes its own tests and installs."""

import os
import subprocess
import tarfile

import pytest

from lib import peers

MAKEFILE = (peers.BUILD / "Makefile").read_text()
JOBS = f"-j{os.cpu_count() or 2}"


def run(*command, cwd):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=400, check=False,
                          env=peers.clean_env(MAKEFLAGS=""))
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    """The source tree as it comes out of the tarball, writable for nobody but root."""
    place = tmp_path_factory.mktemp("dist")
    words = [f"{name}={peers.TOP}" for name in ("srcdir", "top_srcdir")]
    run("make", "-f", peers.BUILD / "Makefile", "dist", *words, cwd=place)
    archives = list(place.glob("distcc-*.tar.gz"))
    assert len(archives) == 1
    with tarfile.open(archives[0]) as archive:
        archive.extractall(place)
    source = place / archives[0].name.removesuffix(".tar.gz")
    run("chmod", "-R", "a-w", source, cwd=place)
    yield source
    run("chmod", "-R", "u+w", source, cwd=place)


def test_the_tarball_holds_the_sources_and_nothing_that_was_built(tarball):
    names = {str(path.relative_to(tarball)) for path in tarball.rglob("*") if path.is_file()}
    assert {"configure", "Makefile.in", "COPYING", "src/README", "test/run", "doc/man/distcc.1", "test/fuzz/corpus/lease/wish"} <= names
    for tracked in subprocess.run(["git", "-C", peers.TOP, "ls-files"], capture_output=True, text=True, check=False).stdout.split():
        assert tracked in names, f"{tracked} is missing: see DISTFILES"
    objects = [n for n in names if n.endswith((".o", ".a", ".d", ".log", ".pyc")) or n.split("/")[-1] in ("config.status", "Makefile")]
    elf = [n for n in names if (tarball / n).read_bytes()[:4] == b"\x7fELF"]
    assert not objects and not elf


@pytest.mark.skipif("-fsanitize" in MAKEFILE, reason="the run without sanitizers does this")
def test_it_builds_with_clang_without_a_warning_and_passes_its_tests_and_installs(tarball, tmp_path):
    tree, image = tmp_path / "tree", tmp_path / "image"
    tree.mkdir()
    run(tarball / "configure", "--quiet", "--enable-Werror", "--prefix=/usr", "CC=clang", "CFLAGS=-O0", cwd=tree)
    run("make", JOBS, "all", "test-programs", cwd=tree)
    run("make", "check", cwd=tree)
    run("make", "install", f"DESTDIR={image}", cwd=tree)
    version = run(image / "usr/bin/distcc", "--version", cwd=tmp_path).stdout
    assert version.startswith(f"distcc {tarball.name.removeprefix('distcc-')} ")
    for program in ("distcc", "distccd", "distcc-gateway"):
        assert (image / "usr/bin" / program).read_bytes()[:4] == b"\x7fELF"


def test_the_tree_under_test_takes_warnings_for_errors():
    assert "-Werror" in MAKEFILE.split("WERROR_CFLAGS =")[1].splitlines()[0]
