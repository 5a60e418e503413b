# SPDX-License-Identifier: GPL-2.0-or-later
"""Every option that the compilers list themselves, with --help, gives through a server of distcc 3.4
what it gives here: so the table of options has no hole that nobody thought of. All of them with
"test/run --soak listed_options"; CI takes a sample."""

import concurrent.futures
import os
import re
import subprocess

import pytest

from lib import compare, equality, peers

SOAK = bool(os.environ.get("DISTCC_SOAK"))
SAMPLE = 30
THREADS = 3
RESULT = re.compile(r"result: source=.* where=(\w+) server=.* reason=(\S+) ms=")

# It has something for most options to change: messages, macros, calls, loops, a header.
C = """#include <stddef.h>
#include "part.h"
static int table[16];
int sum(const int *from, size_t n)
{
\tint total = 0, unused;
\tfor (size_t i = 0; i < n; i++)
\t\ttotal += BIGGEST(from[i], 3) / 7;
\treturn total + table[n & 15];
}
int fill(char *to, int x)
{
\tswitch (x) {
\tcase 1: to[0] = 'a'; /* fall through */
\tcase 2: to[1] = 'b';
\t}
\treturn __builtin_popcount((unsigned)x) + (int)__builtin_strlen(to);
}
double scale(double x) { return x * 3.25 + 1e9; }
"""
CXX = """#include "part.h"
struct shape { virtual ~shape() {} virtual int sides() const { return 0; } };
struct square : shape { int sides() const { return BIGGEST(4, 3); } };
template <class T> T twice(T t) { return t + t; }
int count(const shape *s) { int unused; try { return twice(s->sides()); } catch (...) { throw; } }
static square one;
const shape *get() { return &one; }
"""
FILES = {"part.h": "#define BIGGEST(a, b) ((a) > (b) ? (a) : (b))\n", "s.c": C, "s.cc": CXX, "extra": "", "out/keep": ""}

# With these even two local compiles differ, or the compiler itself breaks down.
UNSTEADY = re.compile(r"-fself-test|-ftime-report|-fmem-report|-Q$|-time|-ftime-trace|--completion|-ccc-|-gen-|-frandom-seed$|"
                      r"-print-|--print-|-v$|--verbose|-###|-fproc-stat-report|-fcrash-|-fprofile-generate|-fcs-profile|-fstats|"
                      r"-fpre-ipa-mem-report|-fpost-ipa-mem-report|-fdump-|-d[A-Z]?$|--dump|--coverage|-ftest-coverage|-fprofile|"
                      r"-fdebug-pass-manager|-save-stats|-fmodules-cache|--debug-prefix|-via-file-asm|-fmessage-length|-flto|-gctf|-fsave-opt|-rewrite-|"
                      r"-fexperimental-new-constant-interpreter|-ftrivial-auto-var-init-stop-after|-objcmt-")


def _values(tail):
    """What may stand for the value that a list announces: the first of a choice, a number, a name."""
    choice = re.match(r"=?\[([^]|]+)\|", tail)
    if choice:
        return "=" + choice.group(1)
    return "=1" if re.match(r"=?<(number|byte-size|N|n|size|level)", tail) else "=extra"


def listed(compiler):
    """The options that a compiler lists, each as the words of a command line."""
    lists = ([["--help=common"], ["--help=c"], ["--help=c++"], ["--help=target"], ["--help=undocumented"]] if compiler == "gcc"
             else [["--help-hidden"]])
    found = {}
    for words in lists:
        text = subprocess.run([compiler, *words], capture_output=True, text=True, check=True).stdout
        for name, tail in re.findall(r"^  (--?[A-Za-z#][^\s=\[<,]*)((?:=?[\[<][^\]>]*[\]>]|=| <[^>]*>)?)", text, re.MULTILINE):
            if not tail:
                option = (name,)
            elif tail.startswith(" "):
                option = (name, "extra")
            else:
                option = (name + _values(tail),) if tail.startswith("=") else (name + _values(tail)[1:],)
            if not UNSTEADY.match(name):
                found[option] = None
    return list(found)


def _cases():
    cases = [(compiler, option) for compiler in ("gcc", "clang") for option in listed(compiler)]
    return cases if SOAK else cases[::max(1, len(cases) // SAMPLE)]


def test_what_the_compilers_list_is_equal_through_a_server(base, stock_server):
    host = stock_server(jobs=THREADS).host
    remote = []

    def problems(number, compiler, option):
        place = compare.Workplace(base / str(number) / "src", FILES)
        is_cxx = not number % 3
        words = [compiler if not is_cxx else {"gcc": "g++", "clang": "clang++"}[compiler], "-O2", "-Wall", "-Wextra", *option, "-c",
                 "s.cc" if is_cxx else "s.c"]
        local = place.run(words, peers.clean_env())
        state = base / str(number) / "state"
        state.mkdir()
        env = peers.clean_env(HOME=state, DISTCC_DIR=state, TMPDIR=state, DISTCC_HOSTS=host, DISTCC_LOG=state / "log")
        done = place.run([peers.CLIENT, *words], env)
        where, reason = (RESULT.findall((state / "log").read_text(errors="replace")) or [("none", "none")])[0]
        if where == "remote":
            remote.append(option)
        found = equality.differences(compiler, where, local, done, has_debug=option[0].startswith(("-g", "--debug")))
        return [f"{' '.join(words)}: {where} {reason}: {problem}" for problem in found]
    cases = _cases()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(problems, number, *case) for number, case in enumerate(cases)]
        found = [problem for job in jobs for problem in job.result()]
    print(f"\n{len(cases)} options, {len(remote)} remote")
    assert len(cases) >= (1000 if SOAK else SAMPLE)
    assert len(remote) >= len(cases) / 2
    assert not found, "\n".join(found)
