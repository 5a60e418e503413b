# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: command lines written from gcc's and clang's manuals, and where each must run.

A row is a compiler, its words, where it runs ("remote", or the reason= of a local job), and what
may differ. "debug" says that the object is compared after strip -g. Nothing else is excused, except
what no server of distcc 3.4 can give: gcc's quotes of source lines under its messages.
"""

import dataclasses
import os
import shlex
import subprocess

# Every row sees these files; they are small, so that hundreds of rows stay fast.
FILES = {
    "a.c": "#include <stddef.h>\n#include \"a.h\"\nint f(int x)\n{\n\treturn MAX(sq(x), 3) + (int)sizeof(size_t);\n}\n",
    "a.h": "#ifndef A_H\n#define A_H\n#define MAX(a, b) ((a) > (b) ? (a) : (b))\n"
           "static inline int sq(int x) { return x * x; }\n#endif\n",
    "simple.c": "int f(int x) { return x + 1; }\n",
    "where.c": "const char *where(void) { return __FILE__; }\nint line(void) { return __LINE__; }\n",
    "x.cc": "#include \"a.h\"\nnamespace { int hidden(int x) { return MAX(x, 2); } }\nstruct s { int v; s(); ~s(); };\n"
            "s::s() : v(hidden(3)) {}\ns::~s() {}\ntemplate <class T> T twice(T t) { return t + t; }\n"
            "int use(int x) { return twice(x); }\ns global;\n",
    "std.cc": "#include <map>\n#include <string>\n#define KEY(x) std::string(#x)\n#define CHECKED(x) ((x) / 0)\n"
              "int use(const std::map<std::string, int> &m, int x)\n{\n\tint unused;\n\tswitch (x) {\n\tcase 1:\n\t\tx++; // fall through\n"
              "\tcase 2:\n\t\treturn CHECKED(x);\n\t}\n\treturn m.at(KEY(a /* key */)) + (int)m.size();\n}\n",
    "plain.cc": "int f(int x) { return x + 1; }\n",
    "m.m": "@interface Root\n+ (int)answer;\n@end\n@implementation Root\n+ (int)answer { return 42; }\n@end\n",
    "mm.mm": "template <class T> T same(T t) { return t; }\n@interface Root\n+ (int)answer;\n@end\n"
             "@implementation Root\n+ (int)answer { return same(42); }\n@end\n",
    "pre.i": "# 1 \"original.c\"\nint f(int x) { return x + 1; }\n",
    "bare.i": "int f(void)\n{\n\tint unused;\n\treturn 0;\n}\n",
    "bare.ii": "int f(int x) { return x + 1; }\n",
    "empty.i": "",
    "line.i": "#line 3 \"other.c\"\nint f(void) { return 1; }\n",
    "dir/quo\"te.i": "int f(void) { return 1; }\n",
    "pre.ii": "# 1 \"original.cc\"\nint f(int x) { return x + 1; }\n",
    "asm.s": "\t.text\n\t.globl f\nf:\tret\n\t.section .note.GNU-stack,\"\",@progbits\n",
    "asm.S": "#define RET ret\n\t.text\n\t.globl f\nf:\tRET\n\t.section .note.GNU-stack,\"\",@progbits\n",
    "extra.s": "\t.globl extra\nextra:\tret\n",
    "uml.c": "const char *s = \"\u00fc\";\n",
    "incbin.c": "__asm__(\".incbin \\\"blob\\\"\");\nint f(void) { return 1; }\n",
    "comment.c": "/* speaks of .incbin and .include, and uses neither */\nint f(void) { return 1; }\n",
    "blob": "blob",
    "dir/d.h": "#define FROM_DIR 7\n",
    "dir/d.c": "#include \"d.h\"\nint f(void) { return FROM_DIR; }\n",
    "quote.c": "#include \"d.h\"\nint f(void) { return FROM_DIR; }\n",
    "angle.c": "#include <d.h>\nint f(void) { return FROM_DIR; }\n",
    "needs.c": "int f(void) { return VALUE; }\n",
    "text.c": "const char *f(void) { return VALUE; }\n",
    "pre.c": "#define VALUE 3\n",
    "macros.h": "#define VALUE 4\n#define UNUSED_ONE 1\n",
    # messages
    "unused.c": "int f(void)\n{\n\tint unused;\n\tif (1) {\n\t\tint also;\n\t}\n\treturn 0;\n}\n",
    "misled.c": "int g(void);\nint f(int x)\n{\n\tif (x)\n\t\tg();\n\t\tg();\n\treturn 0;\n}\n",
    "misled.h": "static inline int f(int x) { return x; }\nstatic inline int h(int x)\n{\n  for (; x < 9; x++)\n    f(x); f(x);\n  return 0;\n}\n",
    "sysmisled.c": "#include <misled.h>\nint g(void) { return h(1); }\n",
    "ismisled.c": "#include \"misled.h\"\nint g(void) { return h(1); }\n",
    "empty.c": "int f(int x)\n{\n\tif (x);\n\tfor (; x; x--);\n\t\tx++;\n\treturn x;\n}\n",
    "format.c": "int printf(const char *, ...);\nvoid f(long l)\n{\n\tprintf(\"value %d\\n\", l);\n}\n",
    "fall.c": "int f(int x)\n{\n\tswitch (x) {\n\tcase 1:\n\t\tx++; /* fall through */\n\tcase 2:\n\t\treturn x;\n\t}\n\treturn 0;\n}\n",
    "nofall.c": "int f(int x)\n{\n\tswitch (x) {\n\tcase 1:\n\t\tx++;\n\tcase 2:\n\t\treturn x;\n\t}\n\treturn 0;\n}\n",
    "paren.c": "#define EQ(a, b) ((a) == (b))\nint f(int x) { if (EQ(x, 5)) return 1; return 2; }\n",
    "strcomment.c": "void report(const char *);\n#define CHECK(c) ((c) ? (void)0 : report(#c))\nint f(int x)\n{\n"
                    "\tCHECK(x == 1 || /* usual */\n\t      x == 2);\n\tswitch (x) {\n\tcase 1:\n\t\tx++; /* fall through */\n"
                    "\tcase '\"':\n\t\tx--; // falls through\n\tdefault:\n\t\treturn x;\n\t}\n}\n",
    "argcomment.c": "#define ITEM_one(x) int one##x;\n#define CAT(a, b) a##b\n#define LIST(a, b) CAT(ITEM_, a)(b)\n"
                    "LIST(one /* , two */, 3)\nint f(int x)\n{\n\tswitch (x) {\n\tcase 1:\n\t\tx++; /* fall through */\n\tdefault:\n\t\treturn x;\n\t}\n}\n"
                    "const char *when = __TIMESTAMP__;\n",
    "macrowarn.c": "#define DIV(a) ((a) / 0)\nint f(int x)\n{\n\tint y = DIV(x);\n\treturn y;\n}\n",
    "syswarn.c": "#include <sys.h>\nint f(void) { return g() + SYSMACRO(2); }\n",
    "sys/sys.h": "static int g(void) { int unused; return 1; }\n#define SYSMACRO(x) ({ int unused_in_macro; (x); })\n",
    "cppwarn.c": "#warning careful\nint f(void) { return 1; }\n",
    "undef.c": "#if NOTHING > 1\n#endif\nint f(void) { return 1; }\n",
    "redefined.c": "#define A 1\n#define A 2\nint f(void) { return A; }\n",
    "both.c": "#define A 1\n#define A 2\n#if NOTHING\n#endif\nint f(void)\n{\n\tint unused;\n\treturn A;\n}\n",
    "once.c": "#pragma once\nint f(void) { return 1; }\n",
    "pragma.c": "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wunused-variable\"\n"
                "int f(void) { int unused; return 1; }\n#pragma GCC diagnostic pop\nint g(void) { int unused; return 1; }\n",
    "pragmas.c": "#define QUIET _Pragma(\"GCC diagnostic ignored \\\"-Wunused-variable\\\"\")\nQUIET\nint f(void) { int unused; return 1; }\n",
    "unknownpragma.c": "#pragma nonsense here\nint f(void) { return 1; }\n",
    "error.c": "int f(void) { return nothing; }\n",
    "manyerrors.c": "int f(void) { return nothing; }\nint g(void) { return neither }\nint h(void { return 1; }\n",
    "missing.c": "#include \"not-there.h\"\nint f(void) { return 1; }\n",
    "hasherror.c": "#error no\nint f(void) { return 1; }\n",
    "utf8.c": "/* \u00e9 */ const char *s = \"\u00fc\u4e2d\"; int f(void) { const char *t = \"\u4e2d\u4e2d\"; int unused; return 1; }\n",
    "date.c": "const char *d = __DATE__, *t = __TIME__;\n",
    "stamp.c": "const char *t = __TIMESTAMP__;\n",
    "basefile.c": "const char *b = __BASE_FILE__;\n#include \"basefile.h\"\n",
    "basefile.h": "static const char *in_header(void) { return __BASE_FILE__; }\nconst char *use(void) { return in_header(); }\n",
    "counter.c": "int a = __COUNTER__, b = __COUNTER__;\n#define CAT(a, b) a##b\n#define NAME(a, b) CAT(a, b)\nint NAME(v, __COUNTER__);\n",
    "counterif.c": "#if __COUNTER__ == 0\nint a;\n#endif\nint b = __COUNTER__;\n",
    "level.c": "#include \"level.h\"\nint a = __INCLUDE_LEVEL__;\n",
    "level.h": "int in_header = __INCLUDE_LEVEL__;\n",
    "line.c": "#line 40 \"grammar.y\"\nint f(void) { int unused; return __LINE__; }\nconst char *s = __FILE__;\n",
    "raw.cc": "const char *r = R\"(\n#define X\n  /* no comment */ \"q\" // neither\n#if 0\n)\";\n",
    "has.c": "#if __has_include(\"a.h\")\n#include \"a.h\"\n#endif\nint f(int x) { return MAX(x, 1); }\n",
    "next.c": "#include \"n.h\"\nint f(void) { return NEXT; }\n",
    "n1/n.h": "#include_next \"n.h\"\n",
    "n2/n.h": "#define NEXT 5\n",
    "trigraph.c": "const char *t = \"??=\";\n",
    "dollar.c": "int a$b(void) { return 1; }\n",
    "long.c": "const char *s = \"one\" \\\n\t\"two\" \\\n\t\"three\"; int \\\nf(void) { return __LINE__; }\n",
    "stringize.c": "#define S(x) #x\n#define T(x) S(x)\nconst char *s = T(MAX(a,  b) \"q\" 'c'); const char *u = S( a   b );\n",
    "push.c": "#define M 1\n#pragma push_macro(\"M\")\n#undef M\n#define M 2\nint a = M;\n#pragma pop_macro(\"M\")\nint b = M;\n",
    "pushed.c": "#define M 1\n/* x */ #pragma push_macro(\"M\")\n#undef M\n#define M 2\nint a = M;\n/* x\n*/ #pragma pop_\\\nmacro(\"M\")\nint b = M;\n",
    "poisoned.c": "/* x */ #pragma GCC poison gets\nint gets(void) { return 1; }\n",
    "poison.c": "#pragma GCC poison gets\nint f(void) { return 1; }\n",
    "ident.c": "#ident \"version 1\"\nint f(void) { return 1; }\n",
    "crlf.c": "int f(void)\r\n{\r\n\tint unused;\r\n\treturn 0;\r\n}\r\n",
    "noeol.c": "int f(void) { return 1; }",
    "bom.c": b"\xef\xbb\xbfint f(void) { return 1; }\n",
    "latin1.c": b"const char *s = \"\xe9\";\n",
    "embedded.c": "int f(void) { return 1; }\n/* " + "x" * 3000 + " */\n",
    "nothing.c": "",
    "vector.c": "void scale(float *restrict to, const float *restrict from, int n)\n{\n"
                "\tfor (int i = 0; i < n; i++)\n\t\tto[i] = from[i] * 2.5f + to[i];\n}\n",
    "b.c": "int b(void) { return 2; }\n",
    "noext": "int f(void) { return 1; }\n",
    "odd.txt": "int f(void) { return 1; }\n",
    "upper.C": "int f(int x) { return x + 1; }\n",
    "a.cpp": "int f(int x) { return x + 1; }\n",
    "a.cxx": "int f(int x) { return x + 1; }\n",
    "a.c++": "int f(int x) { return x + 1; }\n",
    "a.cp": "int f(int x) { return x + 1; }\n",
    "a.CPP": "int f(int x) { return x + 1; }\n",
    "h.h": "int f(int x);\n",
    "out/keep": "",
    "dot.dir/keep": "",
    "f.dir/g.c": "#include \"../a.h\"\nint f(int x) { return sq(x); }\n",
    "with blank.c": "#include \"with blank.h\"\nint f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "with blank.h": "int declared;\n",
    "quo\"te.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "apos'.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "dol$lar.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "ha#sh.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "back\\slash.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "new\nline.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "tab\there.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "\u00fcml.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "co:lon.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "com,ma.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "-dash.c": "int f(void) { return 1; }\n",
    "per%cent.c": "int f(void) { return 1; }\nconst char *w = __FILE__;\n",
    "two.dots.c": "int f(void) { return 1; }\n",
    ".hidden.c": "int f(void) { return 1; }\n",
    # response files
    "flags.rsp": "-O2 -Wall\n-DVALUE=3",
    "all.rsp": "-c needs.c -DVALUE=4 -o all.o",
    "quoted.rsp": "-DVALUE='\"two words\"' \"-c\" te\\xt.c\n",
    "nested.rsp": "@flags.rsp -c\n",
    "loop.rsp": "@loop.rsp\n",
    "empty.rsp": "",
    "blank.rsp": "  \n\t\n",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One command."""
    compiler: str
    words: tuple
    where: str
    debug: bool = False
    env: tuple = ()
    stdin: bytes = b""

    @property
    def name(self):
        prefix = "".join(f"{key}={value} " for key, value in self.env)
        return (prefix + self.compiler + " " + " ".join(self.words)).encode("unicode_escape").decode().replace("/", "|")


def _rows(where, compilers, lines, debug=False, **more):
    return [Row(compiler, tuple(shlex.split(line) if isinstance(line, str) else line), where, debug, **more)
            for line in lines for compiler in compilers.split()]


def remote(compilers, *lines, **more):
    return _rows("remote", compilers, lines, **more)


def local(reason, compilers, *lines, **more):
    return _rows(reason, compilers, lines, **more)


OUTPUT_FORMS = remote(
    "gcc clang", "-c a.c", "-c a.c -o a.o", "-c a.c -oa.o", "-o a.o -c a.c", "-c -o out/b.o a.c", "-c a.c -o noext", "-c a.c -o a.x.y",
    "-c a.c -o ./out/../a.o", "-c dir/d.c", "-c f.dir/g.c", "-c dir/../a.c -o dot.dir/name", "-c -oout/z.o dir/d.c", "-S a.c", "-S a.c -o out/a.s",
    "-S -c a.c", "-c -S a.c", "-S -O2 dir/d.c", "-c nothing.c", "-c ./a.c", "-c a.c -o /dev/null", "--compile a.c", "--assemble a.c",
    "-c a.c --output=long.o", "-c a.c --output long.o",
) + remote(
    "gcc", "-c a.c -S -o both.s", "-c a.c -o existing.o", "-pipe -c a.c",
) + local("output-stdout", "gcc clang", "-S a.c -o -") + local(
    "two-outputs", "gcc", "-c a.c -o one.o -o two.o",
) + local("option", "gcc clang", "-c a.c -o") + local(
    "output", "gcc clang", "-c a.c -o nodir/a.o", "-c a.c -o out",
)

DEPENDENCIES = remote(
    "gcc clang", "-MD -c a.c", "-MMD -c a.c", "-MD -c a.c -o a.o", "-MD -c a.c -o out/b.o", "-MMD -c a.c -o out/b.x.o", "-MD -c a.c -o noext",
    "-MD -MF dep -c a.c", "-MD -MFdep -c a.c", "-MMD -MF out/dep.d -c a.c -o out/a.o", "-MD -MT target -c a.c", "-MD -MTtarget -c a.c",
    "-MD -MQ 'tar$get' -c a.c", "-MD -MT 'tar$get' -c a.c", "-MD -MP -c a.c", "-MD -MP -MF d -MT t1 -MT t2 -c a.c", "-Wp,-MD,w.d -c a.c",
    "-Wp,-MMD,out/w.d -c a.c -o out/a.o", "-MD -c dir/d.c", "-MD -c dir/d.c -o dot.dir/name", "-MD -S a.c", "-MD -S a.c -o out/x.s",
    "-MD -c 'with blank.c'", "-MD -c 'dol$lar.c'", "-MD -c 'ha#sh.c' -o 'out/ha#sh.o'", "-MMD -c syswarn.c -isystem sys", "-MD -c syswarn.c -isystem sys",
    "-MD -MF dep -include pre.c -c needs.c", "-MD -c nothing.c", "-MD -MF /dev/null -c a.c", "-MMD -MP -MF.dep.d -c a.c",
    "-MD -MP -c f.dir/g.c",
    "-MD -c a.c -o .foo", "-MF d -MD -c a.c", "-MD -MMD -c a.c", "-MMD -MD -c a.c", "--write-dependencies -c a.c", "--write-user-dependencies -c a.c",
) + remote("g++ clang++", "-MD -c x.cc -o out/x.o", "-MMD -MT a -MF b -c x.cc") + remote(
    "gcc", "-MD -c a.c -o .o", "-Wp,-MD,w.d,-MT,x -c a.c",
) + local(
    "option", "gcc clang", "-M -c a.c", "-MM -c a.c",
) + remote("clang", "-MF d -c a.c", "-MT t -c a.c") + local("preprocessor-failed", "gcc", "-MF d -c a.c", "-MT t -c a.c") + local("option", "clang", "-Wall -fdiagnostics-absolute-paths -c unused.c", "-Wp,-MD,w.d,-MT,x -c a.c", "-MD -MV -c a.c", "-MJ m.json -c a.c") + local(
    "output-stdout", "gcc clang", "-MD -MF - -c a.c",
) + local(
    "environment", "gcc", "-c a.c", env=(("DEPENDENCIES_OUTPUT", "dep.d target"),),
) + local("environment", "gcc", "-c a.c", env=(("SUNPRO_DEPENDENCIES", "dep.d"),)) + local(
    "preprocessor-failed", "gcc clang", "-MD -c missing.c", "-MD -MG -c a.c", "-MD -MG -c missing.c")

DEBUG = remote(
    "gcc clang", "-g -c a.c", "-g1 -c a.c", "-g2 -O2 -c a.c", "-g3 -c a.c", "-ggdb -c a.c", "-gdwarf-4 -c a.c", "-gdwarf-5 -c a.c", "-gdwarf -c a.c", "-gz -g -c a.c",
    "-g -O2 -c dir/d.c", "-g -c where.c -o out/w.o", "-ggdb3 -c a.c", "-g -c ./a.c", "-g -c dir//d.c", "-g -c .//dir/.///d.c", "-g -gno-column-info -c a.c", "-g -c simple.c",
    "-g -fdebug-prefix-map=/=/x/ -c a.c", "-g -O1 -c macrowarn.c -w", "-g -Wall -c macrowarn.c", "-g3 -Wall -c macrowarn.c", "-ggdb3 -Wall -Wextra -c fall.c", "-ggdb3 -O2 -Wall -c both.c", "-g -Wall -Wextra -c fall.c", "-g -Wextra -c strcomment.c", "-g3 -O2 -Wextra -c strcomment.c", "-g -c strcomment.c", "-g -Wextra -Werror -c fall.c", "-g -Wall -c both.c", "-g -fsanitize=undefined -c a.c",
    "-g -gno-record-gcc-switches -c a.c", "-g -Wall -c syswarn.c -isystem sys", "-g -Wall -c unused.c",
    debug=True,
) + remote("g++ clang++", "-g -c x.cc", "-g -O2 -c plain.cc -o out/p.o", debug=True) + remote(
    "gcc", "-g -gstrict-dwarf -c a.c", "-ggdb2 -c a.c", "-g -ffile-prefix-map=/=/y/ -c where.c", "-g -fdebug-types-section -c a.c",
    "-g -fvar-tracking -O2 -c a.c", "-gas-loc-support -g -c a.c", debug=True,
) + remote("clang", "-gline-tables-only -c a.c", "-gmlt -c a.c", "-g -fdebug-compilation-dir=/elsewhere -c a.c", "-glldb -c a.c",
           "-g -fstandalone-debug -c a.c", debug=True) + remote(
    "gcc clang", "-g0 -c a.c", "-g -g0 -c a.c") + local(
    "option", "gcc clang", "-g -gsplit-dwarf -c a.c",
)

MESSAGES = remote(
    "gcc clang", "-Wall -c unused.c", "-w -c unused.c", "-Wall -Wextra -c fall.c", "-Wall -Wextra -c strcomment.c", "-Wextra -Werror -c fall.c", "-Wimplicit-fallthrough -c fall.c",
    "-Wimplicit-fallthrough -c nofall.c", "-Wall -Wextra -c paren.c", "-Wall -Werror -c paren.c", "-Wall -c macrowarn.c", "-Wall -c syswarn.c -isystem sys", "-Wall -c syswarn.c -I sys",
    "-Wall -Wsystem-headers -c syswarn.c -isystem sys", "-c cppwarn.c", "-Wno-cpp -c cppwarn.c", "-Wundef -c undef.c", "-c redefined.c", "-Wall -Wundef -c both.c", "-c once.c",
    "-Wall -c pragma.c", "-Wall -c pragmas.c", "-Wall -c unknownpragma.c", "-Wall -c utf8.c", "-Wall -c line.c", "-Wall -c crlf.c", "-Wall -c noeol.c", 
    "-Wall -fdiagnostics-color=always -c unused.c", "-Wall -fdiagnostics-color=never -c unused.c", "-Wall -fdiagnostics-color -c unused.c", "-Wall -fno-diagnostics-color -c unused.c",
    "-Wall -fdiagnostics-color=always -c both.c", "-Wall -fno-diagnostics-show-option -c unused.c", "-Wall -c 'with blank.c'", "-Wall -Wno-unused-variable -c unused.c",
    "-Wpedantic -std=c99 -c dollar.c", "-Wall -g -c unused.c -o /dev/null", "-Wall -O2 -c unused.c -o out/u.o",
) + remote(
    "gcc clang", "-Wall -H -c both.c", "-Wall -H -g0 -c unused.c",
) + remote(
    "gcc", "-Wall -I a.h -c both.c", "-Wall -nostdinc++ -c unused.c", "-Wall -gcoff -c unused.c", "-fnew-abi -c simple.c", "-O2 -DX=1 -frecord-gcc-switches -c a.c", "-Wall -frecord-gcc-switches -c macrowarn.c", "-c argcomment.c", "-g0 -Wall -O2 -c argcomment.c", "-Wall -fnew-abi -fdiagnostics-color -c unused.c",
) + remote(
    "clang", "-Wall -Wmaybe-uninitialized -c unused.c", "-Wmaybe-uninitialized -c simple.c", "-Wnonsense -Wall -c simple.c -L. -Wl,-x", "-Wall -MF d -c unused.c", "-Wall -L. -lm -rtlib=libgcc -fcolor-diagnostics -c both.c",
) + remote(
    "gcc", "-c misled.c", "-Wall -w -c misled.c", "-Wall -Wno-misleading-indentation -c misled.c", "-Wall -c sysmisled.c -isystem .", "-c empty.c", "-Wall -Wno-format -c format.c",
    "-pedantic -c nothing.c", "-Wunused-macros -c redefined.c", "-Wall -fno-diagnostics-show-caret -c unused.c", "-Wall -fdiagnostics-column-unit=byte -c unused.c", "-Wall -ftabstop=4 -c unused.c",
    "-Wall -fdiagnostics-column-origin=0 -c unused.c", "-Wall -fno-show-column -c unused.c", "-Wall -fmessage-length=40 -c unused.c", "-Wtraditional -c a.c", "-Wall -Wcomment -c comment.c",
    "-Wall -fdiagnostics-show-location=once -c unused.c", "-Wall -fdiagnostics-plain-output -c unused.c", "-Wtrigraphs -c trigraph.c", "-Wall -g3 -Wextra -c fall.c -o /dev/null",
) + remote(
    "clang", "-Wall -c misled.c", "-Wno-empty-body -c empty.c", "-w -c empty.c", "-Wall -c format.c", "-Weverything -c unused.c", "-Wunused-macros -c redefined.c", "-Wall -fcolor-diagnostics -c unused.c", "-Wall -fansi-escape-codes -fcolor-diagnostics -c unused.c", "-Wall -fno-caret-diagnostics -c unused.c",
    "-Wall -fno-color-diagnostics -c unused.c", "-Werror -iquote dir -c quote.c", "-Werror -idirafter dir -c angle.c", "-Werror -isysroot / -c simple.c", "-Wdocumentation -c comment.c",
    "-Wall -fdiagnostics-parseable-fixits -c unused.c", "-Wall -fdiagnostics-print-source-range-info -c unused.c", "-Wall -fdiagnostics-show-category=name -c unused.c",
    "-Qunused-arguments -Werror -c simple.c", "-Wgnu-statement-expression -c syswarn.c -I sys",
) + local(
    "messages", "gcc", "-Wall -c misled.c", "-Wall -g -c misled.c", "-Wall -Werror -c misled.c", "-Wmisleading-indentation -c misled.c", "-Wall -c ismisled.c", "-Wall -c format.c", "-Wall -g -c format.c",
) + local("messages", "clang", "-c empty.c", "-Wall -g -c empty.c", "-Werror -c empty.c") + local("preprocessor-failed", "gcc", "-c poisoned.c") + local(
    "messages", "gcc", "-Wunused-macros -Wall -c macrowarn.c", "-Wextra -Werror -c argcomment.c", "-g3 -Wextra -Werror -c fall.c",
) + local(
    "remote-status", "gcc clang", "-c error.c", "-c manyerrors.c", "-Wall -Werror -c unused.c", "-Werror=unused-variable -Wall -c unused.c", "-fmax-errors=1 -c manyerrors.c", "-Wimplicit-fallthrough -Werror -c nofall.c",
    "-Wfatal-errors -c manyerrors.c",
) + local("remote-status", "clang", "-ferror-limit=1 -c manyerrors.c", "-undef -c a.c") + local(
    "preprocessor-failed", "gcc clang", "-c missing.c", "-c hasherror.c", "-Werror -c cppwarn.c", "-Werror=undef -Wundef -c undef.c", "-c absent.c", "-O9x -c a.c",
) + local("preprocessor-failed", "gcc", "-std=nonsense -c a.c", "-fnot-an-option -c a.c") + local(
    "option", "gcc", "-Wall -fdiagnostics-format=json -c unused.c", "-Wall -fdiagnostics-generate-patch -c unused.c")

EXTRA_OUTPUTS = local(
    "option", "gcc clang", "-save-temps -c a.c", "-save-temps=obj -c a.c -o out/a.o", "-fstack-usage -c a.c", "-ftest-coverage -frandom-seed=1 -c a.c", "--coverage -frandom-seed=1 -c a.c", "-fprofile-arcs -frandom-seed=1 -c a.c",
    "-fprofile-generate -frandom-seed=1 -c a.c", "-fprofile-use -c a.c -w",
) + local(
    "option", "gcc", "-fdump-tree-all -c simple.c", "-fdump-rtl-expand -c simple.c", "-da -c simple.c", "-fcallgraph-info -c a.c", "-aux-info aux -c a.c", "-fopt-info-vec=vec.txt -O3 -c a.c",
    "-fopt-info -O2 -c a.c", "-fdump-go-spec=go -c a.c", "-dumpbase q -fstack-usage -c a.c", "-dumpdir out/ -fstack-usage -c a.c",
    "-pipe -Wa,-alh=list -c a.c", "-Wa,-adhln -c a.c", "-pipe -Wa,--MD,asm.d -c a.c", "-fprofile-note=n.gcno -ftest-coverage -frandom-seed=1 -c a.c", "-fauto-profile=none.afdo -c a.c",
    "-fdump-statistics -c simple.c", "-fversion -c a.c", "-fhelp -c a.c", "-ftarget-help -c a.c", "-mdump-tune-features -c simple.c", "-fdbg-cnt-list -c simple.c", "-gstabs -c unused.c -Wall",
) + local(
    "option", "clang", "-frecord-gcc-switches -c simple.c", "-ObjC -c simple.c", "-fminimize-whitespace -c a.c", "-foptimization-record-passes=inline -O2 -c a.c", "-module-file-info -c a.c", "-g -grecord-command-line -c simple.c", "-frecord-command-line -c simple.c",
    "-object-file-name=other -c simple.c", "-fsave-optimization-record -O2 -c a.c", "-foptimization-record-file=r.yaml -fsave-optimization-record -O2 -c a.c", "--serialize-diagnostics d.dia -c unused.c -Wall",
    "-fprofile-instr-generate -c a.c", "-fcoverage-mapping -fprofile-instr-generate -c a.c", "-fdump-record-layouts -c a.c", "-emit-llvm -c a.c",
    "--analyze -c a.c",
)

EXTRA_INPUTS = local(
    "option", "gcc clang", "-B. -c a.c", "-Wa,extra.s -c a.c", "-Wa,-I,dir -c a.c", "-specs=none.specs -c a.c", "-fplugin=./none.so -c a.c", "-Xassembler extra.s -c simple.c",
) + local("option", "gcc", "-wrapper env -c a.c", "-fprofile-use=dir -c a.c -w", "-fbranch-probabilities -c a.c -w") + local(
    "option", "clang", "-fprofile-instr-use=none.profdata -c a.c", "-fsanitize-ignorelist=none -fsanitize=address -c a.c", "-include-pch none.pch -c a.c", "-Xclang -load -Xclang none.so -c a.c", "-fmodules -c a.c",
    "-mllvm -stats -c simple.c", "--config none.cfg -c a.c", "-fxray-always-instrument=none -c a.c", "-fthinlto-index=none -c a.c",
) + local("assembler-reads-files", "gcc clang", "-c incbin.c", "-g -c incbin.c") + local(
    "assembler", "gcc clang", "-c asm.s", "-c asm.S", "-x assembler -c asm.s", "-x assembler-with-cpp -c asm.S")

LANGUAGES = remote(
    "gcc", "-c plain.cc", "-c a.cpp", "-c a.cxx", "-c a.c++", "-c a.cp", "-c upper.C", "-c pre.i", "-c pre.ii", "-c x.cc", "-x c -c a.c", "-xc -c a.c", "-x c++ -c plain.cc", "-xc++ -c plain.cc", "-x c++ -c simple.c",
    "-x cpp-output -c pre.i", "-std=c99 -c a.c", "-std=gnu11 -c a.c", "--std=c11 -c a.c", "-ansi -c needs.c -DVALUE=1", "-c raw.cc", "-std=c++20 -c x.cc", "-x c -c plain.cc", "-x c++-cpp-output -c pre.ii",
    "-x c a.c -c", "-x c -x c++ -c plain.cc", "-fpreprocessed -c pre.i", "-g0 -c pre.i",
) + remote(
    "clang", "-c plain.cc", "-c a.cpp", "-c upper.C", "-c pre.i", "-c pre.ii", "-c x.cc", "-x c -c a.c", "-xc++ -c plain.cc", "-x c++ -c simple.c", "-x cpp-output -c pre.i", "-std=c99 -c a.c", "-std=c++20 -c x.cc", "-c raw.cc", "-fblocks -c a.c",
) + remote("g++ clang++", "-c plain.cc", "-c x.cc", "-O2 -c x.cc", "-c raw.cc", "-c upper.C", "-c pre.ii", "-fno-exceptions -fno-rtti -c x.cc") + remote("g++", "-c simple.c", "-x c -c simple.c") + remote(
    "g++ clang++", "-O1 -Wall -Wextra -c std.cc") + remote("g++", "-g -Wall -Wextra -c std.cc", "-g3 -Wall -c std.cc", debug=True) + local(
    "language", "gcc clang", "-c a.CPP -x none", "-x c-header -c h.h -o /dev/null", "-c odd.txt", "-x none -c simple.c -w", "-c noext",
) + local("language", "clang", "-c m.m", "-c mm.mm", "-fobjc-runtime=gnustep -c m.m", "-x objective-c -c m.m", "-x objective-c++ -c mm.mm") + local("language", "clang++", "-c simple.c") + local("language", "gcc clang", "-x c -c noext -o n.o", "-c h.h -o /dev/null")

# gcc's compilers of Objective-C are large, and only the soak installs them.
LANGUAGES += (remote if os.path.isabs(subprocess.check_output(["gcc", "-print-prog-name=cc1objplus"], text=True)) else
              lambda *rows: local("preprocessor-failed", *rows))(
    "gcc", "-c m.m", "-c mm.mm", "-O2 -Wall -c m.m -o out/m.o", "-x objective-c -c m.m", "-x objective-c++ -c mm.mm", "-MD -c mm.mm", "-S m.m")

LANGUAGES += remote("gcc clang", "-c bare.i", "-Wall -c bare.i", "-c bare.ii", "-c empty.i", "-c 'dir/quo\"te.i'", "-S bare.i") + remote(
    "gcc clang", "-g -c bare.i", "-g -c bare.ii", "-g -c empty.i", "-g -c pre.i", "-g -c 'dir/quo\"te.i'", debug=True) + remote("clang", "-g -Wall -c line.i", debug=True) + local("remote-status", "gcc", "-c line.i")

PREPROCESSING = remote(
    "gcc clang", "-DVALUE=3 -c needs.c", "-D VALUE=3 -c needs.c", "'-DVALUE=\"a b\"' -c text.c", "'-DVALUE=\"q\\\"$x#\"' -c text.c", "-D'VALUE=\"\u00fc\"' -c text.c", "-DVALUE=1 -UVALUE -DVALUE=2 -c needs.c", "-include pre.c -c needs.c",
    "-include ./pre.c -c needs.c", "-imacros macros.h -c needs.c", "-include macros.h -imacros pre.c -c needs.c -w", "-I dir -c angle.c", "-Idir -c quote.c", "-iquote dir -c quote.c", "-isystem dir -c angle.c", "-idirafter dir -c angle.c", "-isystemdir -c angle.c",
    "-nostdinc -c simple.c", "-undef -c simple.c", "-c where.c", "-c counter.c", "-c counterif.c", "-c level.c", "-c has.c", "-In1 -In2 -c next.c", "-c long.c", "-c stringize.c", "-c push.c", "-c pushed.c", "-c poison.c", "-c ident.c", "-c dollar.c", "-c trigraph.c",
    "-trigraphs -c trigraph.c", "-std=c99 -c trigraph.c", "-c basefile.c", "-c comment.c", "-c bom.c", "-c latin1.c", "-c embedded.c", "-fmacro-prefix-map=where=there -c where.c", "-ffile-prefix-map=where=there -c where.c", "-iprefix ./ -iwithprefix dir -c angle.c",
    "--sysroot=/ -c a.c", "-isysroot / -c a.c", "-DVALUE -c needs.c", "-Wp,-DVALUE=5 -c needs.c", "--define-macro=VALUE=3 -c needs.c", "--define-macro VALUE=3 -c needs.c", "--include-directory=dir -c angle.c", "--undefine-macro=X -c a.c", "--include=pre.c -c needs.c",
) + remote(
    "gcc", "-finput-charset=latin1 -c latin1.c", "-fexec-charset=latin1 -c uml.c", "-ftrack-macro-expansion=0 -c a.c", "-Xpreprocessor -DVALUE=3 -c needs.c", "-Wp,-DVALUE=3,-UX -c needs.c", "-fworking-directory -c a.c",
) + remote("gcc clang", "-c stamp.c") + remote("gcc", "-c date.c", env=(("SOURCE_DATE_EPOCH", "1000000000"),)) + remote("gcc", "-A question=answer -c a.c", "-fdirectives-only -c a.c", "-remap -c a.c", "-fpch-deps -MD -c a.c") + remote(
    "gcc clang", "-H -c a.c", "-H -Wall -c unused.c") + remote("gcc", "-c needs.c -DVALUE=1", env=(("CPATH", "dir"),)) + remote(
    "gcc clang", "-c angle.c", env=(("C_INCLUDE_PATH", "dir"),)) + local(
    "option", "gcc clang", "-P -c a.c", "-dM -c a.c",
) + local("preprocess-only", "gcc clang", "-E a.c", "-E -c a.c", "-E a.c -o a.i", "-E -dM a.c")

NAMES = remote(
    "gcc clang", "-c 'with blank.c'", "-c 'quo\"te.c'", "-c \"apos'.c\"", "-c 'dol$lar.c'", "-c 'ha#sh.c'", "-c 'back\\slash.c'", ("-c", "new\nline.c"), ("-c", "tab\there.c"), "-c \u00fcml.c", "-c co:lon.c", "-c com,ma.c", "-c per%cent.c", "-c two.dots.c",
    "-c .hidden.c", "-c ./-dash.c", "-c a.c -o 'out/with blank.o'", "-c a.c -o 'out/dol$lar.o'", "-c a.c -o 'out/ha#sh.o'", ("-c", "a.c", "-o", "out/new\nline.o"), "-c a.c -o out/\u00fc.o", "-MD -c 'quo\"te.c'", "-MD -c 'back\\slash.c'", "-MD -c co:lon.c",
    ("-MD", "-c", "tab\there.c"), "-MD -c \u00fcml.c -o out/\u00fc.o", "-MD -c per%cent.c", ("-DVALUE=\"a\nb\"", "-c", "a.c"), ("-DEMPTY=", "-c", "a.c"), "-MD -c a.c -o 'out/with blank.o'", "-MD -MP -c 'with blank.c' -o 'out/dol$lar.o'",
) + remote("gcc clang", "-g -c 'with blank.c'", "-g -c 'back\\slash.c'", "-g -c 'quo\"te.c'", debug=True) + local("two-inputs", "gcc", ("", "-c", "a.c"))

INPUTS = local(
    "two-inputs", "gcc clang", "-c a.c b.c", "-c a.c dir/d.c x.cc", "-c a.c a.c",
) + local("no-input", "gcc clang", "-c", "-c -o x.o") + local("not-a-compile", "gcc clang", "b.c -shared -o prog", "--version", "-print-search-dirs", "", "nothing.o") + local(
    "language", "gcc clang", "-x c -c -", "-x c -c - -o s.o", "-x c++ -c - -o s.o", stdin=b"int f(void) { return 3; }\n",
) + local("two-inputs", "gcc", "-c a.c other.o") + local(
    "option", "gcc clang", "-fsyntax-only -c unused.c -Wall", "-c --help", "-dumpversion -c a.c")

RESPONSE_FILES = remote(
    "gcc clang", "@flags.rsp -c needs.c", "@all.rsp", "@quoted.rsp", "@nested.rsp needs.c", "@empty.rsp -c a.c", "@blank.rsp -c a.c", "-c @flags.rsp needs.c -o out/r.o",
) + local("response-file", "gcc clang", "@loop.rsp -c a.c") + local("response-file", "gcc clang", "@absent.rsp -c a.c")

CODE = remote(
    "gcc clang", "-O0 -c a.c", "-O1 -c a.c", "-O2 -c a.c", "-O3 -c a.c", "-Os -c a.c", "-Ofast -c a.c", "-Og -c a.c", "-O -c a.c", "-fPIC -c a.c", "-fpic -DPIC -c a.c", "-fPIE -c a.c", "-fno-pie -c a.c", "-m32 -c simple.c", "-march=x86-64 -c a.c", "-mtune=generic -c a.c",
    "-march=haswell -O3 -c a.c", "-mno-sse -mgeneral-regs-only -c simple.c", "-mcmodel=large -c a.c", "-fstack-protector-strong -c a.c", "-fsanitize=undefined -c a.c", "-fsanitize=address -c a.c", "-pthread -c a.c", "-fopenmp -c a.c", "-ffunction-sections -fdata-sections -c a.c",
    "-fvisibility=hidden -c a.c", "-fno-common -c a.c", "-pg -c a.c", "-fcf-protection -c a.c", "-Wa,--noexecstack -c a.c", "-Wl,-z,now -c a.c", "-shared -fPIC -c a.c", "-static -c a.c", "-L. -lm -c a.c", "-Xlinker -x -c a.c", "-fno-ident -c a.c", "-funsigned-char -c a.c",
    "-finstrument-functions -c a.c", "-fno-asynchronous-unwind-tables -c a.c", "-pipe -O2 -fexceptions -c a.c", "-D_FORTIFY_SOURCE=2 -O2 -c a.c", "-fvisibility=hidden -fno-semantic-interposition -c a.c",
) + remote("gcc", "-fno-lto -c a.c", "--param max-inline-insns-single=10 -O2 -c a.c", "--param=max-inline-insns-single=10 -O2 -c a.c", "-frandom-seed=x -c a.c", "-S -O1 -masm=intel a.c", "-mavx2 -c a.c",
           "-fno-use-linker-plugin -c a.c", "-freport-bug -c a.c", "-fcompare-debug -c simple.c", "-dp -c simple.c -S", "-dA -S -O2 a.c", "-fdump-passes -c simple.c", "-fgnu89-inline -c a.c") + remote(
    "clang", "-target x86_64-linux-gnu -c a.c", "--target=x86_64-linux-gnu -c a.c", "--target=aarch64-linux-gnu -c simple.c", "--target=riscv64-linux-gnu -c simple.c", "-integrated-as -c a.c", "-no-canonical-prefixes -c a.c", 
    "-flto=full -c a.c", "-flto=thin -c a.c", "-flto -O2 -c a.c", "-flto --target=x86_64-linux-gnu -c a.c", "-fcs-profile-generate -O2 -c a.c", "-fcolor-diagnostics -c a.c", "-rtlib=libgcc -c a.c", "-fuse-ld=lld -c a.c", "-fno-plt -c a.c",
) + local("option", "gcc", "-flto -c simple.c -frandom-seed=1", "-flto=auto -c simple.c -frandom-seed=1", "-flto -ffat-lto-objects -c simple.c -frandom-seed=1")

NATIVE = remote(
    "gcc clang", "-march=native -O3 -c vector.c", "-march=native -O3 -mno-avx -c vector.c", "-O3 -march=native -mtune=generic -ffast-math -c vector.c",
    "-march=native -O2 -c a.c", "-mtune=native -O2 -c a.c", "-march=native -mtune=generic -O3 -c a.c", "-O2 -march=native -mno-avx -c a.c", "-mno-avx512f -O3 -march=native -c a.c", "-march=native -mcmodel=large -c a.c", "-march=native -Wall -c unused.c",
) + remote("g++ clang++", "-march=native -O2 -c x.cc") + remote("gcc clang", "-g -march=native -O2 -c vector.c", debug=True) + remote("gcc", "-mtune=generic -march=native -c a.c")

ROWS = (OUTPUT_FORMS + DEPENDENCIES + DEBUG + MESSAGES + EXTRA_OUTPUTS + EXTRA_INPUTS + LANGUAGES + PREPROCESSING + NAMES + INPUTS
        + RESPONSE_FILES + CODE + NATIVE)
