# SPDX-License-Identifier: GPL-2.0-or-later
"""For every unit of real packages: what is sent holds all that the compiler reads, and how much more it is.

    test/run --soak includes

Without DISTCC_SOAK only the standard headers are tried, one unit for each fifth. DISTCC_SOAK=N takes one in N of Boost's headers.
"""

import os
import pathlib
import subprocess

import pytest
from test_closure import named, read_by_compiler, system_dirs

from lib import packages

SOAK = bool(os.environ.get("DISTCC_SOAK"))
C_HEADERS = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic stdbool stddef
    stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype""".split()
BOOST = pathlib.Path("/usr/include/boost")


class Tally:
    """Units that were compared, and what was more than needed."""

    def __init__(self):
        self.units = self.plain = self.needed = self.surplus = 0
        self.reasons = {}

    def compare(self, cwd, command):
        expected = read_by_compiler(cwd, packages.without_outputs(command))
        if expected is None:
            return
        self.units += 1
        try:
            got = named(cwd, [word for word in command if word != "-c"])
        except RuntimeError as error:
            self.plain += 1
            self.reasons[str(error)] = self.reasons.get(str(error), 0) + 1
            return
        assert expected <= got, f"{command} in {cwd} lacks {sorted(expected - got)}"
        self.needed += len(expected)
        self.surplus += len(got - expected)

    def report(self, name):
        print(f"\n{name}: {self.units} units, {self.plain} plain, {self.needed} files needed, {self.surplus} more sent "
              f"({self.surplus / max(1, self.needed):.2%})")
        for reason, count in self.reasons.items():
            print(f"    {count} x {reason}")


@pytest.mark.skipif(not SOAK, reason="soak only: needs a package mirror and minutes")
@pytest.mark.parametrize("name", packages.PACKAGES)
def test_units_of_a_package(name):
    tally = Tally()
    for cwd, command in packages.compile_commands(name):
        tally.compare(cwd, command)
    tally.report(name)
    assert tally.units > 200 and not tally.plain
    assert tally.surplus <= 0.05 * tally.needed


@pytest.mark.parametrize("command", [["gcc"], ["gcc", "-std=c99", "-O2"], ["clang"], ["g++"], ["g++", "-std=c++20", "-O2"], ["clang++", "-std=c++17"]],
                         ids=" ".join)
def test_one_unit_for_each_standard_header(command, tmp_path):
    """None of them is sent, so that what follows them shows whether their macros are known."""
    tally = Tally()
    is_cxx = command[0].endswith("++")
    headers = sorted(path.name for path in pathlib.Path(system_dirs("g++")[0]).iterdir() if path.is_file()) if is_cxx else [f"{name}.h" for name in C_HEADERS]
    source = tmp_path / ("t.cc" if is_cxx else "t.c")
    asked = dict(line.split(" ", 2)[1:] for line in subprocess.run(
        [*command, "-E", "-dM", "-x", "c++" if is_cxx else "c", "-"], input="".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in headers),
        capture_output=True, text=True, check=False, cwd=tmp_path).stdout.splitlines() if line.count(" ") >= 2 and "(" not in line.split(" ")[1])
    names = sorted(asked)[::max(1, len(asked) // 200)]
    assert len(names) > 50
    (tmp_path / "yes").mkdir()
    for name in names:
        (tmp_path / "yes" / f"{name}.h").write_text("")
    probe = "".join(f"#ifdef {name}\n#include \"yes/{name}.h\"\n#endif\n" for name in names)
    for header in headers if SOAK else headers[::5]:
        source.write_text(f"#include <{header}>\n{probe}")
        tally.compare(tmp_path, [*command, str(source)])
    tally.report(" ".join(command))
    assert tally.units > 4 and not tally.plain and not tally.surplus


@pytest.mark.skipif(not SOAK or not BOOST.is_dir(), reason="soak only: needs libboost-dev and minutes")
def test_one_unit_for_each_boost_header(tmp_path):
    """Boost is the system's: a copy of ours makes each of its files count."""
    (tmp_path / "include").mkdir()
    subprocess.run(["cp", "-r", BOOST, tmp_path / "include"], check=True)
    tally, source = Tally(), tmp_path / "t.cc"
    headers = sorted((tmp_path / "include").rglob("*.hpp"))[::int(os.environ["DISTCC_SOAK"])]
    for header in headers:
        source.write_text(f"#include <{header.relative_to(tmp_path / 'include')}>\n")
        tally.compare(tmp_path, ["g++", "-Iinclude", "t.cc"])
    tally.report("boost")
    assert tally.units > 0.8 * len(headers)
    assert not tally.plain
