# SPDX-License-Identifier: GPL-2.0-or-later
"""Real source packages, from Debian: fetched, configured, and the compile commands of their build.

Only soaks and benchmarks use them: they need a package mirror, and minutes.
"""

import os
import pathlib
import re
import subprocess
import tempfile

# What is fetched and built is kept for the next run.
CACHE = pathlib.Path(os.environ.get("DISTCC_TEST_PACKAGES", "/var/tmp/distcc-test-packages"))
MIRROR = "deb http://deb.debian.org/debian bookworm main"

# name -> (shell commands that prepare a build, the build). CC and CXX are set; $JOBS is for make.
PACKAGES = {
    # C; many headers of its own, some of them generated
    "git": ("true", "make -k -j$JOBS CC=\"$CC\" CFLAGS=-O0 NO_CURL=1 NO_EXPAT=1 NO_OPENSSL=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PERL=1 NO_PYTHON=1 git"),
    # C; gnulib: #include_next, headers that stand for the system's, generated headers
    "coreutils": ("FORCE_UNSAFE_CONFIGURE=1 ./configure --quiet --disable-nls --disable-dependency-tracking CC=gcc CFLAGS=-O0",
                  "make -k -j$JOBS CC=\"$CC\" MAKEINFO=true HELP2MAN=true all"),
    # C++; out of tree
    "bullet": ("cmake -S . -B b -DCMAKE_CXX_COMPILER=g++ -DCMAKE_C_COMPILER=gcc -DBUILD_BULLET2_DEMOS=OFF -DBUILD_CPU_DEMOS=OFF -DBUILD_EXTRAS=OFF "
               "-DBUILD_UNIT_TESTS=OFF -DBUILD_PYBULLET=OFF -DUSE_GRAPHICAL_BENCHMARK=OFF -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O0 "
               "-DCMAKE_CXX_COMPILER_LAUNCHER=\"$LAUNCHER\" -DCMAKE_C_COMPILER_LAUNCHER=\"$LAUNCHER\" >/dev/null",
               "make -k -j$JOBS -C b"),
    # C++, with some C of other authors; hundreds of units, all of them with the standard library
    "poco": ("cmake -S . -B b -DCMAKE_CXX_COMPILER=g++ -DCMAKE_C_COMPILER=gcc -DENABLE_NETSSL=OFF -DENABLE_CRYPTO=OFF -DENABLE_JWT=OFF "
             "-DENABLE_MONGODB=OFF -DENABLE_REDIS=OFF -DENABLE_ENCODINGS=OFF -DENABLE_DATA=OFF -DENABLE_DATA_SQLITE=OFF -DENABLE_ACTIVERECORD=OFF "
             "-DENABLE_ACTIVERECORD_COMPILER=OFF -DENABLE_PAGECOMPILER=OFF -DENABLE_PAGECOMPILER_FILE2PAGE=OFF "
             "-DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O0 -DCMAKE_C_FLAGS=-O0 "
             "-DCMAKE_CXX_COMPILER_LAUNCHER=\"$LAUNCHER\" -DCMAKE_C_COMPILER_LAUNCHER=\"$LAUNCHER\" >/dev/null",
             "make -k -j$JOBS -C b"),
}

RECORDER = """#!/bin/sh
# one file for each command: directory and words, each ended by a NUL
printf '%s\\0' "$PWD" "$@" >"$(mktemp "$RECORD/XXXXXXXXXX")"
exec "$@"
"""


def fetch(name, directory=CACHE):
    """Unpacks the upstream source of a Debian package below directory -> its path. Raises where there is no mirror."""
    place = pathlib.Path(directory) / name
    if place.is_dir():
        return place
    with tempfile.TemporaryDirectory() as scratch:
        (pathlib.Path(scratch) / "lists" / "partial").mkdir(parents=True)
        (pathlib.Path(scratch) / "sources").write_text(MIRROR.replace("deb ", "deb-src ", 1) + "\n")
        apt = ["apt-get", "-qq", "-o", f"Dir::Etc::sourcelist={scratch}/sources", "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={scratch}/lists", "-o", "APT::Sandbox::User=root"]
        subprocess.run([*apt, "update"], cwd=scratch, check=True, timeout=300)
        subprocess.run([*apt, "source", "--download-only", name], cwd=scratch, check=True, timeout=300)
        archive = next(path for path in pathlib.Path(scratch).iterdir() if re.search(r"\.orig\.tar\.\w+$", path.name))
        place.mkdir(parents=True)
        subprocess.run(["tar", "-xf", archive, "-C", place, "--strip-components=1"], check=True)
    return place


def run(script, place, **environment):
    """A shell command in the package's directory; what it says is for its log."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C", "JOBS": str(os.cpu_count() or 2), **{k: str(v) for k, v in environment.items()}}
    with open(place.parent / f"{place.name}.log", "a", encoding="utf-8") as log:
        return subprocess.run(["sh", "-c", script], cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=3000, check=False)


def is_compile(words):
    """Does the command make one object of one C or C++ source?"""
    return "-c" in words and sum(word.endswith((".c", ".cc", ".cpp", ".cxx")) and not word.startswith("-") for word in words[1:]) == 1


def compile_commands(name, directory=CACHE):
    """[(working directory, [compiler, word...])] of the build of a package, which is built for that."""
    place = fetch(name, directory)
    record = pathlib.Path(directory) / f"{name}.commands"
    if not record.is_dir():
        record.mkdir()
        recorder = pathlib.Path(directory) / "recorder"
        recorder.write_text(RECORDER)
        recorder.chmod(0o755)
        prepare, build = PACKAGES[name]
        environment = {"CC": f"{recorder} gcc", "LAUNCHER": str(recorder), "RECORD": str(record)}
        run(prepare, place, **environment)
        run(build, place, **environment)
    found = []
    for path in sorted(record.iterdir()):
        words = path.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
        if is_compile(words[1:]) and "CMakeFiles/CMakeTmp" not in words[0]:
            found.append((words[0], words[1:]))
    return found


def without_outputs(command):
    """The command for -M or -E, which would write where these options say."""
    kept, words = [], list(command)
    while words:
        word = words.pop(0)
        if word in ("-o", "-MF", "-MT", "-MQ"):
            words.pop(0)
        elif not (word in ("-c", "-MD", "-MMD", "-MP", "-MG") or word.startswith(("-Wp,-MD", "-MF"))):
            kept.append(word)
    return kept
