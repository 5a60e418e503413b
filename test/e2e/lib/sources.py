# SPDX-License-Identifier: GPL-2.0-or-later
"""Real projects, from Debian's source packages (lib/packages.py), to be built twice and compared."""

import dataclasses
import os
import shutil
import subprocess

from lib import packages

JOBS = (os.cpu_count() or 1) + 1


@dataclasses.dataclass(frozen=True)
class Project:
    """One source package: how it is configured and built, with {cc}, {cxx} and {flags} filled in.
    Both run in the unpacked tree, where `launcher` stands in front of every compiler."""
    package: str
    languages: str
    configure: str
    build: str
    compilers: tuple = ("gcc",)
    at_least: int = 100     # compiles


PROJECTS = {project.package: project for project in (
    Project(
        "git", "C", ":",
        "make -j{jobs} CC='{launcher} {cc}' CFLAGS='-O2 -Wall {flags}' NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_OPENSSL=1 NO_PERL=1 "
        "NO_PYTHON=1 NO_TCLTK=1 git",
        compilers=("gcc", "clang")),
    Project(
        "abseil", "C++",
        "cmake -S . -B build -DCMAKE_CXX_COMPILER={cxx} -DCMAKE_CXX_COMPILER_LAUNCHER={launcher} -DCMAKE_BUILD_TYPE=None "
        "-DCMAKE_CXX_FLAGS='-O2 {flags}' -DABSL_PROPAGATE_CXX_STD=ON",
        "cmake --build build -j{jobs}",
        compilers=("gcc", "clang")),
    Project(
        "7zip", "C and C++", ":",
        "make -j{jobs} -C CPP/7zip/Bundles/Alone2 -f makefile.gcc DISABLE_RAR=1 CC='{launcher} {cc} {flags}' CXX='{launcher} {cxx} {flags}'",
        compilers=("gcc", "clang")),
)}
CXX = {"gcc": "g++", "clang": "clang++"}


def unpack(package, tree):
    """Fills the directory `tree` afresh; always the same path, since objects may tell it."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(packages.fetch(package, packages.CACHE / "untouched"), tree, symlinks=True)


def run(template, project, compiler, tree, env, flags="", launcher="", prefix=()):
    """One step of a project's build, quiet unless it fails."""
    if not launcher:
        template = template.replace("-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}", "")
    command = template.format(cc=compiler, cxx=CXX[compiler], flags=flags, launcher=launcher, jobs=JOBS)
    done = subprocess.run([*prefix, "sh", "-ec", command], cwd=tree, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    assert done.returncode == 0, f"{project.package}: {command}\n{done.stdout.decode(errors='replace')[-4000:]}\n" \
        f"{done.stderr.decode(errors='replace')[-4000:]}"
    return done
