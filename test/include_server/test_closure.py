# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the analysis names are those that the compiler says it reads (gcc -M)."""

import functools
import os
import pathlib
import shutil
import subprocess
import time

import distcc_pump_c_extensions as extension
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


@functools.lru_cache(None)
def system_dirs(compiler):
    """The compiler's own directories, whose files are not sent."""
    said = subprocess.run([compiler, "-E", "-v", "-x", "c++", "/dev/null"], capture_output=True, text=True, check=True).stderr
    listed = said.split("search starts here:\n")[-1].split("End of search")[0]
    return tuple(os.path.realpath(line.strip()) + "/" for line in listed.splitlines())


def read_by_compiler(cwd, command):
    """What gcc -M lists, outside the system's directories; None if it fails."""
    done = subprocess.run([*command, "-M"], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    names = done.stdout.replace("\\\n", " ").replace("\\ ", "\0").split(":", 1)[1].split()
    names = [name.replace("\0", " ") for name in names]
    real = {os.path.realpath(os.path.join(cwd, name)) for name in names}
    return {name for name in real if not name.startswith(system_dirs(command[0]))}


def named(cwd, command):
    """What the analysis says: it says the same with all that it has learned from other commands."""
    words = [str(word) for word in (*command, "-c")]
    names = set(extension.closure(str(cwd), words))
    assert set(extension.closure(str(cwd), words, True)) == names
    return names


def assert_exact(cwd, command, may_be_more=frozenset()):
    command = [str(word) for word in command]
    expected = read_by_compiler(cwd, command)
    assert expected is not None, "the compiler itself fails"
    got = named(cwd, command)
    assert expected <= got, f"{command} lacks {sorted(expected - got)}"
    assert got - expected <= {os.path.realpath(name) for name in may_be_more}, f"more than needed: {sorted(got - expected)}"


def write(directory, **files):
    """files: "a_h" stands for a.h; a dict is a directory."""
    for name, content in files.items():
        if isinstance(content, dict):
            (directory / name).mkdir(exist_ok=True)
            write(directory / name, **content)
        else:
            (directory / name.replace("_", ".")).write_text(content)


CASES = {
    "computed by stringising": {"t_c": "#define S_(x) #x\n#define S(x) S_(x)\n#define N a\n#include S(N.h)\n", "a_h": ""},
    "computed by pasting": {"t_c": "#define C(x,y) <x##y.h>\n#include C(a,b)\n", "inc": {"ab_h": ""}},
    "computed through three macros": {"t_c": "#define P(x) Q(x)\n#define Q(x) #x\n#define D sub\n#define F(x) P(D/x)\n#include F(b.h)\n",
                                      "sub": {"b_h": ""}},
    "a branch that is not taken": {"t_c": "#if 0\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n", "a_h": "", "b_h": ""},
    "arithmetic": {"t_c": "#if (1 << 4) == 16 && -1 < 0 && -1 > 0u && 'a' == 97 && (2 ? 3 : 1/0) == 3\n#include \"a.h\"\n#endif\n", "a_h": ""},
    "a macro that is undefined": {"t_c": "#define A 1\n#undef A\n#ifdef A\n#include \"a.h\"\n#elif !defined(A)\n#include \"b.h\"\n#endif\n",
                                  "a_h": "", "b_h": ""},
    "predefined macros": {"t_c": "#if __GNUC__ >= 4 && defined __x86_64__ || defined __aarch64__\n#include \"a.h\"\n#endif\n", "a_h": ""},
    "a feature test": {"t_c": "#if __has_attribute(noreturn) && !__has_attribute(no_such_thing)\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n",
                       "a_h": "", "b_h": ""},
    "variable arguments": {"t_c": "#define V(f, ...) f(__VA_ARGS__)\n#define G(a, b) #a #b\n#define H(x, ...) #x\n#include V(H,a.h, z)\n", "a_h": ""},
    "an optional comma": {"t_c": "#define L(a, b, c, ...) c\n#define W(...) L(0, ##__VA_ARGS__, \"b.h\", \"a.h\")\n#include W()\n", "a_h": "", "b_h": ""},
    "__VA_OPT__": {"t_c": "#define Y(x, ...) x\n#define O(...) Y(__VA_OPT__(\"b.h\",) \"a.h\")\n#include O()\n#include O(1)\n", "a_h": "", "b_h": ""},
    "a self-reference": {"t_c": "#define foo foo\n#define bar(x) x bar(x)\n#if foo == 0 && !bar\n#include \"a.h\"\n#endif\n", "a_h": ""},
    "push_macro": {"t_c": "#define A 1\n#pragma push_macro(\"A\")\n#undef A\n#pragma pop_macro(\"A\")\n#if A\n#include \"a.h\"\n#endif\n", "a_h": ""},
    "comments and splices": {"t_c": "/* x\n */ # /* c */ inc\\\nlude /* y */ \"a.h\" // z\n# \\\n include \"b.h\"\n\f#include \"c.h\";\n",
                             "a_h": "", "b_h": "", "c_h": ""},
    "text that looks like a directive": {"t_c": "/*\n#include \"a.h\"\n*/\nconst char *s = R\"x(\n#include \"a.h\"\n)x\";\nint n = '\"'; /* ' */\n", "a_h": ""},
    "a digraph": {"t_c": "%:include \"a.h\"\n", "a_h": ""},
    "names with other characters": {"t_c": "#include \"a b.h\"\n#include \"caf\u00e9,@~=.h\"\n", "a b_h": "", "caf\u00e9,@~=_h": ""},
    "a comment that a backslash continues": {"t_c": "// x \\\n#include \"a.h\"\n#define N 1 // y \\\n  \\ \t\n#include \"a.h\"\n#include \"b.h\"\n"
                                                     "#if __LINE__ != 7\n#include \"a.h\"\n#endif\n//\\", "a_h": "", "b_h": ""},
    "two slashes": {"t_c": "#include <sub//a.h> // <b\n#  include\t<sub/*x*/b.h>/* c */\n#if __has_include( <sub//c.h>) && 1 < 2 // >\n#include <sub/c.h>\n#endif\n"
                           "#define N <sub/d.h> // e\n#include N\n",
                    "inc": {"sub": {"a_h": "", "c_h": "", "d_h": "", "*x*": {"b_h": ""}}}},
    "a directory only for ..": {"t_c": "#include \"sub/../a.h\"\n", "a_h": "", "sub": {}},
    "include_next": {"t_c": "#include <n.h>\n", "inc": {"n_h": "#include_next <n.h>\n"}, "inc2": {"n_h": "#include \"a.h\"\n", "a_h": ""}},
    "once": {"t_c": "#include \"a.h\"\n#include \"a.h\"\n", "a_h": "#pragma once\n#ifdef A\n#include \"b.h\"\n#endif\n#define A\n", "b_h": ""},
    "a guard": {"t_c": "#include \"a.h\"\n#include \"a.h\"\n", "a_h": "#ifndef A\n#define A\n#include \"b.h\"\n#endif\n", "b_h": ""},
    "an import": {"t_c": "#import \"a.h\"\n#import \"a.h\"\n", "a_h": "#ifdef X\n#include \"b.h\"\n#endif\n#define X\n", "b_h": ""},
    "the number of a line": {"t_c": "#if __LINE__ == 1 && \\\n __LINE__ == 2 || 1 /*\n*/ && __LINE__ == 3\n#include \"a.h\"\n#endif\n#if __LINE__ != 6\n#include \"b.h\"\n"
                                      "#endif\n", "a_h": "", "b_h": ""},
    "an iteration": {"t_c": "#define I 0\n#include \"i.h\"\n",
                     "i_h": "#if I == 0\n#undef I\n#define I 1\n#include \"i.h\"\n#elif I == 1\n#undef I\n#define I 2\n#include \"i.h\"\n#else\n#include \"a.h\"\n#endif\n",
                     "a_h": ""},
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_files_as_the_preprocessor(name, tmp_path):
    write(tmp_path, **CASES[name])
    assert_exact(tmp_path, ["gcc", "-Iinc", "-Iinc2", "t.c"])


MEMORY = {
    "c_h": "#ifndef C_H\n#define C_H\n#include \"d.h\"\n#endif\n",
    "d_h": "#if V == 1\n#include \"one.h\"\n#elif defined W\n#include \"two.h\"\n#else\n#include \"three.h\"\n#endif\n#undef U\n#define T\n"
           "#if __has_include(\"later.h\")\n#include \"later.h\"\n#endif\n" + "#if 0\n#endif\n" * 120,
    "one_h": "#pragma once\n", "two_h": "#pragma once\n", "three_h": "#pragma once\n#define THREE\n", "tail_h": "",
}
BEFORE = ["", "#define V 1\n", "#define V 2\n", "#define W\n", "#include \"three.h\"\n", "#define U\n", "#define C_H\n", "#define V() 1\n",
          "#pragma push_macro(\"V\")\n#define V 1\n", "#include \"d.h\"\n", "#if __COUNTER__\n#define V 1\n#endif\n", "#define T 2\n"]
AFTER = "#ifdef T\n#include \"tail.h\"\n#endif\n#ifdef U\n#include \"one.h\"\n#endif\n#ifdef THREE\n#include \"two.h\"\n#endif\n"


def test_a_header_that_is_known_does_what_it_would_do(tmp_path):
    """Whatever was before it, in every order, and with files that come and go: what was learned is used only where it fits."""
    write(tmp_path, **MEMORY)
    rounds = 0
    for later in (False, True, False):
        if later:
            (tmp_path / "later.h").write_text("#undef U\n#define V 1\n#include \"three.h\"\n")
        else:
            (tmp_path / "later.h").unlink(missing_ok=True)
        time.sleep(0.05)        # what is younger than a tick of the clock is not remembered
        for number, before in enumerate(BEFORE * 3):
            (tmp_path / f"t{number % 5}.c").write_text(f"{before}#include \"c.h\"\n{AFTER}")
            named(tmp_path, ["gcc", f"t{number % 5}.c", *(["-DV=1"] if number % 7 == 0 else [])])
            rounds += 1
    assert rounds > 90
    assert extension.statistics()["replays"] > 20


def test_a_source_that_is_known_is_not_walked_again(tmp_path):
    """Many builds compile each one twice, with -fPIC -DPIC and without: but what decides about its includes counts."""
    write(tmp_path, one_h="", two_h="", three_h="#define THREE\n", given_h="#define V 1\n", q={"three_h": "#define W\n"},
          t_c="#if V == 1\n#include \"one.h\"\n#endif\n#include <three.h>\n#ifdef W\n#include \"two.h\"\n#endif\n#define OWN 1\n"
          "#if OWN\n#undef V\n#endif\n#ifndef AGAIN\n#define AGAIN\n#include \"t.c\"\n#endif\n" + "#if 0\n#endif\n" * 120)
    write(tmp_path, u_c="#include \"t.c\"\n#ifdef OWN\n#include \"last.h\"\n#endif\n", last_h="")
    (tmp_path / "link.c").symlink_to("t.c")
    time.sleep(0.05)        # what is younger than a tick of the clock is not remembered
    ways = [[], ["-DV=1"], ["-DW"], ["-DOWN"], ["-include", "given.h"], ["-imacros", "given.h"], ["-Iq"], ["-UV", "-DV"], ["-DAGAIN"], ["-O2"]]
    for source in ("t.c", "u.c", "link.c", tmp_path / "t.c"):
        for way in ways * 2:
            assert_exact(tmp_path, ["gcc", *way, "-I.", source])
    before = extension.statistics()["replays"]
    for number in range(10):
        assert_exact(tmp_path, ["gcc", f"-DPIC={number}", "-I.", "t.c"])
    assert extension.statistics()["replays"] >= before + 10
    (tmp_path / "three.h").write_text("#define THREE\n#define W\n")
    assert_exact(tmp_path, ["gcc", "-DPIC", "-I.", "t.c"])


def test_sources_of_long_ago_make_room(tmp_path):
    """What is kept of them has a limit: the newest is known, and the oldest is right when it comes again."""
    asked = "".join(f"#ifdef ASKED_{number}\n#endif\n" for number in range(3000))
    write(tmp_path, one_h="", two_h="")
    for number in range(300):
        (tmp_path / f"t{number}.c").write_text(f"#ifdef V\n#include \"one.h\"\n#else\n#include \"two.h\"\n#endif\n{asked}")
    time.sleep(0.05)        # what is younger than a tick of the clock is not remembered
    most = 0
    for number in range(300):
        assert named(tmp_path, ["gcc", f"t{number}.c"]) == {f"{tmp_path}/t{number}.c", f"{tmp_path}/two.h"}
        most = max(most, extension.statistics()["source_bytes"])
    assert 7 << 20 < most <= 8 << 20
    before = extension.statistics()["replays"]
    assert named(tmp_path, ["gcc", "-DNOT_ASKED", "t299.c"]) == {f"{tmp_path}/t299.c", f"{tmp_path}/two.h"}
    assert extension.statistics()["replays"] == before + 1
    assert named(tmp_path, ["gcc", "-DV", "t0.c"]) == {f"{tmp_path}/t0.c", f"{tmp_path}/one.h"}
    assert named(tmp_path, ["gcc", "-DNOT_ASKED", "t1.c"]) == {f"{tmp_path}/t1.c", f"{tmp_path}/two.h"}
    assert extension.statistics()["replays"] == before + 1


def test_a_compiler_that_fails_at_a_question_is_asked_without(tmp_path):
    compiler = tmp_path / "picky-gcc"
    compiler.write_text("#!/bin/sh\nquestions=$(cat)\ncase $questions in *__builtin_launder*) echo no >&2; exit 1 ;; esac\n"
                        "echo \"$*\" >>\"$0.log\"\nprintf '%s\\n' \"$questions\" | exec gcc \"$@\"\n")
    compiler.chmod(0o755)
    write(tmp_path, a_h="", t_c="#if __has_attribute(noreturn) && __GNUC__\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n", b_h="")
    assert named(tmp_path, [compiler, "t.c"]) == {f"{tmp_path}/t.c", f"{tmp_path}/a.h"}
    assert "-dD" in (tmp_path / "picky-gcc.log").read_text()


OPTIONS = [
    (["-DN=\"a.h\""], {"a_h": ""}, "#include N\n"),
    (["-DF(x)=<x.h>", "-I", "inc"], {"inc": {"q_h": ""}}, "#include F(q)\n"),
    (["-D", "A", "-UA"], {"a_h": ""}, "#ifdef A\n#include \"a.h\"\n#endif\n"),
    (["-include", "a.h"], {"a_h": "#define X \"b.h\"\n", "b_h": ""}, "#include X\n"),
    (["-imacros", "a.h"], {"a_h": "#define X \"b.h\"\n", "b_h": ""}, "#include X\n"),
    (["-iquote", "q", "-isystem", "s", "-idirafter", "d"], {"q": {"a_h": ""}, "s": {"b_h": ""}, "d": {"c_h": ""}},
     "#include \"a.h\"\n#include <b.h>\n#include <c.h>\n"),
    (["-I/usr/include", "-Ip"], {"p": {"stdio_h": "#define MINE\n"}}, "#include <stdio.h>\n#ifndef MINE\n#error\n#endif\n"),
    (["-nostdinc", "-Ip"], {"p": {"stdio_h": ""}}, "#include <stdio.h>\n"),
    (["-iprefix", "p", "-iwithprefix", "/x", "-iwithprefixbefore", "/y"], {"p": {"x": {"a_h": ""}, "y": {"b_h": ""}}},
     "#include <a.h>\n#include <b.h>\n"),
    (["-std=c99", "-O2"], {"a_h": "", "b_h": ""}, "#if defined __OPTIMIZE__ && __STDC_VERSION__ == 199901L\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n"),
    (["-x", "c++"], {"a_h": ""}, "#if defined __cplusplus and not false\n#include \"a.h\"\n#endif\n"),
]


@pytest.mark.parametrize("options,files,source", OPTIONS)
def test_options_mean_what_they_mean_to_the_compiler(options, files, source, tmp_path):
    write(tmp_path, t_c=source, **files)
    assert_exact(tmp_path, ["gcc", *options, "t.c"])


def test_a_file_that_is_only_asked_for_is_named_too(tmp_path):
    write(tmp_path, t_c="#if __has_include(\"a.h\") && !__has_include(\"b.h\")\n#include \"c.h\"\n#endif\n", a_h="", c_h="")
    assert_exact(tmp_path, ["gcc", "t.c"], may_be_more={tmp_path / "a.h"})


def test_both_branches_where_a_condition_cannot_be_known(tmp_path):
    write(tmp_path, t_c="#if __TIME__[0] == '0' || __COUNTER__\n#include \"a.h\"\n#define A\n#else\n#include \"b.h\"\n#endif\n"
                        "#ifdef A\n#include \"c.h\"\n#endif\n", a_h="", b_h="", c_h="")
    assert named(tmp_path, ["gcc", "t.c"]) == {str(tmp_path / name) for name in ("t.c", "a.h", "b.h", "c.h")}


@pytest.mark.parametrize("command,reason", [
    (["gcc", "a.c", "b.c"], "translation unit"), (["gcc", "a.s"], "extension"), (["gcc", "-Q", "a.c"], "not followed here"),
    (["gcc", "none.c"], "Could not find translation unit"), (["gcc", "", "a.c"], "empty word"), (["gcc", "@file", "a.c"], "response file"),
    (["gcc", "-D=x", "a.c"], "no definition"), (["gcc", "--no-such-option", "a.c"], "not known"), (["no-such-cc", "a.c"], "on PATH"),
    (["gcc", "-include", "none.h", "a.c"], "Could not find include file"), (["gcc", "incbin.c"], "incbin"), (["gcc", "time.c"], "cannot be known"),
    (["gcc", "bomb.c"], "too long"), (["gcc", "deep.c"], "too deeply"),
])
def test_what_is_not_covered_has_a_reason(command, reason, tmp_path):
    write(tmp_path, a_c="", b_c="", a_s="", incbin_c="__asm__(\".incbin \\\"x\\\"\");\n",
          time_c="#if __COUNTER__\n#define N \"a.h\"\n#endif\n#include N\n", deep_c="#include \"deep.c\"\n",
          bomb_c="".join(f"#define A{i} A{i + 1}+A{i + 1}+A{i + 1}+A{i + 1}\n" for i in range(40)) + "#if A0\n#endif\n")
    with pytest.raises(RuntimeError, match=reason):
        extension.closure(str(tmp_path), [*command, "-c"])


def test_this_projects_own_sources():
    done = 0
    for source in [*TOP.glob("src/*/*.c"), *TOP.glob("include_server/*.c")]:
        if b"__BASE_FILE__" in source.read_bytes():
            continue    # refused, and rightly so
        command = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", f"-I{TOP}/src", f"-I{TOP}", str(source.relative_to(TOP))]
        if read_by_compiler(TOP, command) is not None:
            assert_exact(TOP, command)
            done += 1
    assert done > 50


def copy_of_system_headers(tmp_path):
    """The headers of libstdc++, the compiler and the C library in directories of our own: so each of them counts."""
    roots = []
    for number, directory in enumerate(system_dirs("gcc")):
        if "/local/" in directory:
            continue
        target = tmp_path / f"root{number}"
        target.mkdir()
        for path in pathlib.Path(directory).iterdir():
            if path.is_file():
                shutil.copy(path, target)
            elif path.name in ("bits", "sys", "asm", "asm-generic", "linux", "gnu", "ext", "debug", "backward", "pstl", "tr1", "experimental", "parallel"):
                shutil.copytree(path, target / path.name, ignore_dangling_symlinks=True)
        roots.append(f"-I{target}")
    return roots


@pytest.mark.parametrize("language", ["c", "c++"])
def test_every_standard_header(language, tmp_path):
    roots = copy_of_system_headers(tmp_path)
    if language == "c++":
        headers = sorted(path.name for path in pathlib.Path(system_dirs("g++")[0]).iterdir() if path.is_file())
    else:
        roots = [root for root in roots if "c++" not in system_dirs("gcc")[int(root[-1])]]
        headers = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
            stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype""".split()
        headers = [f"{name}.h" for name in headers]
    done = 0
    source = tmp_path / ("t.cc" if language == "c++" else "t.c")
    # All of them in one unit, and some alone: each has its own set of macros before it.
    for chosen in [headers, *([name] for name in headers[::6])]:
        source.write_text("".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in chosen))
        command = ["g++" if language == "c++" else "gcc", "-nostdinc", *roots, str(source)]
        if read_by_compiler(tmp_path, command) is None:
            continue
        assert_exact(tmp_path, command)
        done += 1
    assert done > 3
