# SPDX-License-Identifier: GPL-2.0-or-later
"""With -g, what a debugger tells of a program made of objects from servers of distcc 3.4 is what it
tells of one that was built here: files, lines, names, variables, the compilation directory."""

import os
import re
import shutil
import subprocess

import pytest

from lib import compare, equality, peers

SOAK = bool(os.environ.get("DISTCC_SOAK"))

FILES = {
    "main.c": "#include \"lib/shape.h\"\n#include <stdio.h>\n\nint main(int argc, char **argv)\n{\n\tstruct shape s = { 3, \"triangle\" };\n"
              "\tint total = area(&s, argc);\n\n\tprintf(\"%d %s\\n\", total, argv[0] ? s.name : \"\");\n\treturn total - 9;\n}\n",
    "lib/shape.h": "#define TWICE(x) ((x) + (x))\nstruct shape { int sides; const char *name; };\nint area(const struct shape *s, int n);\n"
                   "static inline int grow(int x)\n{\n\tint y = TWICE(x);\n\n\treturn y;\n}\n",
    "lib/shape.c": "#include \"shape.h\"\n\nstatic int counter;\n\nint area(const struct shape *s, int n)\n{\n\tint sum = 0;\n\n"
                   "\tfor (int i = 0; i < s->sides; i++)\n\t\tsum += n;\n\tcounter++;\n\treturn grow(sum) + sum;\n}\n",
    "lib/over.cc": "namespace geo {\ntemplate <class T> struct box {\n\tT value;\n\tT get() const\n\t{\n\t\treturn value;\n\t}\n};\n}\n"
                   "extern \"C\" int over(int x)\n{\n\tgeo::box<int> b = { x };\n\n\treturn b.get();\n}\n",
    "build/keep": "",
}
# Every way in which build systems name a source: beside it, from above, from a directory beside it, by its whole name.
BUILDS = {
    "in the tree": ["-c main.c -o main.o", "-c lib/shape.c -o shape.o", "-c lib/over.cc -o over.o"],
    "from beside": ["-I.. -c ../main.c -o main.o", "-c ../lib/shape.c -o shape.o", "-c ../lib/over.cc -o over.o"],
    "by whole names": ["-c {tree}/main.c -o main.o", "-c {tree}/lib/shape.c -o shape.o", "-c {tree}/lib/over.cc -o over.o"],
    "without columns": ["-gno-column-info -c main.c -o main.o", "-c ./lib/shape.c -o shape.o", "-c lib/.//over.cc -o over.o"],
    "mapped": ["-fdebug-prefix-map={tree}=/src/shape -c main.c -o main.o", "-fdebug-prefix-map={tree}=. -c lib/shape.c -o shape.o",
               "-ffile-prefix-map={tree}/=/src/ -c {tree}/lib/over.cc -o over.o"],
}
WHERE = {"from beside": "build", "by whole names": "build"}
GDB = """set pagination off
set debuginfod enabled off
set style enabled off
set confirm off
set startup-with-shell off
set disable-randomization on
info line area
info scope area
list shape.c:5,12
list grow
info address counter
ptype struct shape
break shape.c:10
break grow
run
info source
backtrace
print *s
print sum
next
print i
continue
backtrace
finish
delete
continue
"""


def build(place, compiler, options, how, launcher, env):
    """Objects and a program; returns its outcome, and the objects of a clean place."""
    directory = place.path / WHERE.get(how, ".")
    lines = [f"cd {directory}"]
    for line in BUILDS[how]:
        program = {"gcc": "g++", "clang": "clang++"}[compiler] if "over.cc" in line else compiler
        lines.append(f"{launcher} {program} {options} {line.format(tree=place.path)}")
    lines.append(f"{compiler} main.o shape.o over.o -o prog")
    outcome = place.run(["sh", "-ec", "\n".join(lines)], env)
    assert (outcome.rc, outcome.stderr) == (0, b""), outcome
    return outcome, directory


def rows_of_the_line_tables(program):
    """{(address, line)}, of three sources at least."""
    text = subprocess.run(["readelf", "--debug-dump=decodedline", program], capture_output=True, text=True, check=True).stdout
    rows = [match.groups() for match in re.finditer(r"^(\S+) +(\d+) +(0x[0-9a-f]+|0)\b", text, re.MULTILINE)]
    assert {"main.c", "shape.c", "over.cc"} <= {os.path.basename(name) for name, _, _ in rows}
    return {(address, int(line)) for _, line, address in rows}


def told_of_addresses(program):
    """What addr2line says of each address with a line: function, inlined callers, FILE:LINE with the whole directory."""
    addresses = sorted({address for address, _ in rows_of_the_line_tables(program)})
    told = subprocess.run(["addr2line", "-afipC", "-e", program, *addresses], capture_output=True, text=True, check=True).stdout
    assert re.search(r"main at /\S*main\.c:5$", told, re.MULTILINE)
    return told


def names(program):
    """Names and directories of the compilation units."""
    return equality.names_in_dwarf(program.read_bytes())


@pytest.mark.parametrize("how", BUILDS)
@pytest.mark.parametrize("compiler, options", [("gcc", "-g -O0"), ("gcc", "-g -O2"), ("clang", "-g -O0"), ("clang", "-gdwarf-4 -O2"), ("gcc", "-gdwarf-4 -O1 -Wall")])
def test_the_line_tables_say_what_those_of_a_local_build_say(base, stock_server, client_env, compiler, options, how):
    server = stock_server()
    place = compare.Workplace(base / "tree", FILES)
    _, directory = build(place, compiler, options, how, "", peers.clean_env())
    questions = (names, rows_of_the_line_tables, told_of_addresses)
    local = [ask(directory / "prog") for ask in questions]
    build(place, compiler, options, how, peers.CLIENT, client_env(server.host))
    server.wait_count(3)
    for ask, answer in zip(questions, local):
        assert ask(directory / "prog") == answer


@pytest.mark.skipif(not SOAK, reason="soak only: gdb is large")
@pytest.mark.parametrize("how", [name for name in BUILDS if name != "mapped"])
@pytest.mark.parametrize("compiler, options", [("gcc", "-g -O0"), ("clang", "-g -O0"), ("gcc", "-g -gdwarf-4 -O0")])
def test_a_session_with_gdb_is_the_same(base, stock_server, client_env, compiler, options, how):
    assert shutil.which("gdb")
    server = stock_server()
    place = compare.Workplace(base / "tree", FILES)
    script = base / "session"
    script.write_text(GDB)

    def session(launcher, env):
        _, directory = build(place, compiler, options, how, launcher, env)
        done = subprocess.run(["gdb", "-nx", "-batch", "-x", script, directory / "prog"], cwd=base, env=peers.clean_env(HOME=base),
                              capture_output=True, text=True, timeout=120, check=False)
        return re.sub(r"process \d+", "process N", done.stdout + done.stderr)
    local = session("", peers.clean_env())
    assert "Breakpoint 1, area (s=" in local and "Compilation directory is" in local and "triangle" in local
    assert session(peers.CLIENT, client_env(server.host)) == local
    server.wait_count(3)
