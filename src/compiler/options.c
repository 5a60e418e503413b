/*
 * compiler/options.c - the table; see options.h.
 *
 * How a row is chosen: the longest name that fits. "-f", "-m" and "-W" rows catch what has no row
 * of its own; scan.c then refuses those whose value looks like a file. So an option that is not
 * listed and names no file is taken for code generation, and everything else unknown is local.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/options.h"

#include <string.h>

#include "base/argv.h"

#define EXTRA "writes a second file, which a server of distcc cannot return"
#define READS "reads a file that a server does not have"
#define HERE "depends on this machine"
#define SHOWS "prints or does something else than compiling"
#define PROFILE "reads or writes profile data beside the object"
#define CPPOUT "changes what the preprocessor writes"
#define LTO "gcc's objects for link-time optimisation tell how the source was preprocessed"
#define COMMAND "writes the command into the object, and a server's is another one"
#define UNSURE "may read or write files"

static const struct option_row rows[] = {
	/* what to do */
	{ "-c", OPTION_EXACT, OPT_COMPILE, NULL },
	{ "-S", OPTION_EXACT, OPT_ASSEMBLE_TEXT, NULL },
	{ "-E", OPTION_EXACT, OPT_LOCAL_CPP, NULL },
	{ "-o", OPTION_EITHER, OPT_OUTPUT, NULL },
	{ "-x", OPTION_EITHER, OPT_LANGUAGE, NULL },
	{ "-ObjC", OPTION_EXACT, OPT_LOCAL, "another spelling of -x, which a server does not know" },
	{ "-ObjC++", OPTION_EXACT, OPT_LOCAL, "another spelling of -x, which a server does not know" },
	{ "-pipe", OPTION_EXACT, OPT_PLAIN, NULL },

	/* preprocessor */
	{ "-D", OPTION_EITHER, OPT_PREPROCESSOR | OPT_DEFINES, NULL },
	{ "-U", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-I", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-include", OPTION_EITHER, OPT_PREPROCESSOR | OPT_INCLUDE, NULL },
	{ "-imacros", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-isystem", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-iquote", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-idirafter", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-iprefix", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-iwithprefix", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-iwithprefixbefore", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-imultilib", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-isysroot", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-cxx-isystem", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-stdlib=", OPTION_JOINED, OPT_PREPROCESSOR, NULL },
	{ "-nostdinc", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-nostdinc++", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-nostdlibinc", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-undef", OPTION_EXACT, OPT_BARE_MACROS, NULL },
	{ "-MD", OPTION_EXACT, OPT_PREPROCESSOR | OPT_DEPS, NULL },
	{ "-MMD", OPTION_EXACT, OPT_PREPROCESSOR | OPT_DEPS, NULL },
	{ "-MP", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-MG", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-MF", OPTION_EITHER, OPT_PREPROCESSOR | OPT_DEPS_FILE, NULL },
	{ "-MT", OPTION_EITHER, OPT_PREPROCESSOR | OPT_DEPS_TARGET, NULL },
	{ "-MQ", OPTION_EITHER, OPT_PREPROCESSOR | OPT_DEPS_TARGET, NULL },
	{ "-M", OPTION_PREFIX, OPT_LOCAL, "makes dependencies only, or in a form that we do not know" },
	{ "-Wp,", OPTION_PREFIX, OPT_LOCAL, "hands the preprocessor options that we do not know" },
	{ "-Xpreprocessor", OPTION_SEPARATE, OPT_LOCAL, "hands the preprocessor options that we do not know" },
	{ "-P", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-C", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-CC", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-H", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-A", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-traditional", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-traditional-cpp", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-remap", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-trigraphs", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-I-", OPTION_EXACT, OPT_LOCAL, "an old form of search path" },
	{ "-fdirectives-only", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-fpreprocessed", OPTION_EXACT, OPT_EXPANDED, NULL },
	{ "-fno-preprocessed", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-frewrite-includes", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-fpch-deps", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-fpch-preprocess", OPTION_EXACT, OPT_LOCAL, READS },
	{ "-fdebug-cpp", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-fminimize-whitespace", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-fworking-directory", OPTION_EXACT, OPT_PREPROCESSOR, NULL },
	{ "-fno-working-directory", OPTION_EXACT, OPT_LOCAL, CPPOUT },
	{ "-ftrack-macro-expansion", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "-finput-charset=", OPTION_JOINED, OPT_PREPROCESSOR, NULL },

	/* linker: nothing is linked with -c */
	{ "-L", OPTION_EITHER, OPT_LINKER, NULL },
	{ "-l", OPTION_EITHER, OPT_LINKER, NULL },
	{ "-Wl,", OPTION_PREFIX, OPT_LINKER, NULL },
	{ "-Xlinker", OPTION_SEPARATE, OPT_LINKER, NULL },
	{ "-z", OPTION_SEPARATE, OPT_LINKER, NULL },
	{ "-u", OPTION_SEPARATE, OPT_LINKER, NULL },
	{ "-T", OPTION_EITHER, OPT_LINKER, NULL },
	{ "-e", OPTION_SEPARATE, OPT_LINKER, NULL },
	{ "-s", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-shared", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-static", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-static-libgcc", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-static-libstdc++", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-static-pie", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-shared-libgcc", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-rdynamic", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-nostdlib", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-nostdlib++", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-nodefaultlibs", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-nostartfiles", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-nolibc", OPTION_EXACT, OPT_LINKER, NULL },
	{ "-fuse-ld=", OPTION_JOINED, OPT_LINKER, NULL },
	{ "-rtlib=", OPTION_JOINED, OPT_LINKER, NULL },
	{ "--rtlib=", OPTION_JOINED, OPT_LINKER, NULL },
	{ "-unwindlib=", OPTION_JOINED, OPT_LINKER, NULL },
	{ "--unwindlib=", OPTION_JOINED, OPT_LINKER, NULL },
	{ "-pie", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-no-pie", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-nopie", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-pthread", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-pthreads", OPTION_EXACT, OPT_PLAIN, NULL },

	/* this machine */
	{ "-march=native", OPTION_EXACT, OPT_NATIVE, NULL },
	{ "-mtune=native", OPTION_EXACT, OPT_NATIVE, NULL },
	{ "-mcpu=native", OPTION_EXACT, OPT_NATIVE, NULL },

	/* assembler */
	{ "-Wa,", OPTION_PREFIX, OPT_PLAIN, NULL },		/* scan.c looks at each part */
	{ "-Xassembler", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-no-integrated-as", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-fno-integrated-as", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-integrated-as", OPTION_EXACT, OPT_PLAIN, NULL },

	/* a second output */
	{ "-save-temps", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "--save-temps", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-gsplit-dwarf", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-d", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-dA", OPTION_EXACT, OPT_PLAIN, NULL },			/* comments in assembly text */
	{ "-dp", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-dP", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-fdump-passes", OPTION_EXACT, OPT_PLAIN, NULL },		/* to stderr */
	{ "-fdump-", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fstack-usage", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-fcallgraph-info", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-ftime-trace", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fproc-stat-report", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-aux-info", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-auxbase", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-auxbase-strip", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-dumpbase", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-dumpbase-ext", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-dumpdir", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-fopt-info", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fsave-optimization-record", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-foptimization-record-", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fdiagnostics-format=", OPTION_JOINED, OPT_LOCAL, EXTRA },
	{ "-fdiagnostics-add-output=", OPTION_JOINED, OPT_LOCAL, EXTRA },
	{ "-fdiagnostics-set-output=", OPTION_JOINED, OPT_LOCAL, EXTRA },
	{ "-fdiagnostics-generate-patch", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-fdiagnostics-absolute-paths", OPTION_EXACT, OPT_LOCAL, HERE },
	{ "-serialize-diagnostics", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "--serialize-diagnostics", OPTION_SEPARATE, OPT_LOCAL, EXTRA },
	{ "-MJ", OPTION_EITHER, OPT_LOCAL, EXTRA },
	{ "-ftest-coverage", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-fprofile-arcs", OPTION_EXACT, OPT_LOCAL, PROFILE },
	{ "--coverage", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-coverage", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-fprofile", OPTION_PREFIX, OPT_LOCAL, PROFILE },
	{ "-fauto-profile", OPTION_PREFIX, OPT_LOCAL, PROFILE },
	{ "-fcs-profile", OPTION_PREFIX, OPT_LOCAL, PROFILE },
	{ "-fcs-profile-generate", OPTION_EXACT, OPT_PLAIN, NULL },	/* the program will write it */
	{ "-fbranch-probabilities", OPTION_EXACT, OPT_LOCAL, PROFILE },
	{ "-fcoverage-mapping", OPTION_EXACT, OPT_LOCAL, PROFILE },
	{ "-fno-profile", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "-frepo", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-emit-pch", OPTION_EXACT, OPT_LOCAL, EXTRA },
	{ "-fada-spec-parent=", OPTION_JOINED, OPT_LOCAL, EXTRA },

	/* files that a server lacks, and options that run programs */
	{ "-fplugin", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-specs", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "--specs", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-wrapper", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-B", OPTION_EITHER, OPT_LOCAL, READS },
	{ "-include-pch", OPTION_SEPARATE, OPT_LOCAL, READS },
	{ "-fmodules", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-fmodule", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-fcxx-modules", OPTION_EXACT, OPT_LOCAL, READS },
	{ "-fimplicit-module", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-fprebuilt-module-path", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-fdeps-", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fsanitize-blacklist=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-fsanitize-ignorelist=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-fsanitize-coverage-allowlist=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-fsanitize-coverage-ignorelist=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-fxray-", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-fthinlto-index=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-fembed-", OPTION_PREFIX, OPT_LOCAL, READS },
	{ "-frandomize-layout-seed-file=", OPTION_JOINED, OPT_LOCAL, READS },
	{ "-mbranch-protection=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "-Xclang", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-mllvm", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-Xarch_", OPTION_PREFIX, OPT_LOCAL, UNSURE },
	{ "-imultiarch", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-F", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-iframework", OPTION_EITHER, OPT_PREPROCESSOR, NULL },
	{ "-framework", OPTION_SEPARATE, OPT_LINKER, NULL },
	{ "-arch", OPTION_SEPARATE, OPT_LOCAL, "may ask for more than one architecture" },
	{ "-V", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-b", OPTION_SEPARATE, OPT_LOCAL, UNSURE },
	{ "-gen-reproducer", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-fcrash-diagnostics", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-working-directory", OPTION_PREFIX, OPT_LOCAL, UNSURE },
	{ "--config", OPTION_PREFIX, OPT_LOCAL, READS },

	/* not a compile */
	{ "-fsyntax-only", OPTION_EXACT, OPT_LOCAL, "makes no object" },
	{ "-module-file-info", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-fhelp", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-ftarget-help", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-fversion", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-fdbg-cnt-list", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-mdump-tune-features", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-objcmt-", OPTION_PREFIX, OPT_LOCAL, "rewrites sources" },	/* clang's, and no -o */
	{ "-object-file-name", OPTION_PREFIX, OPT_LOCAL, EXTRA },	/* clang's, and no -o */
	{ "-ftime-report", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-fmem-report", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-ftime-trace-", OPTION_PREFIX, OPT_LOCAL, EXTRA },
	{ "-time", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-Q", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-v", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "--verbose", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-###", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "--help", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "--target-help", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "--version", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-print-", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "--print-", OPTION_PREFIX, OPT_LOCAL, SHOWS },
	{ "-dumpversion", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-dumpfullversion", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-dumpmachine", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-dumpspecs", OPTION_EXACT, OPT_LOCAL, SHOWS },
	{ "-emit-llvm", OPTION_EXACT, OPT_LOCAL, "makes no object" },
	{ "-emit-ast", OPTION_EXACT, OPT_LOCAL, "makes no object" },
	{ "--analyze", OPTION_EXACT, OPT_LOCAL, "makes no object" },

	/* code generation */
	{ "-g", OPTION_PREFIX, OPT_DEBUG, NULL },
	{ "-gno-record-gcc-switches", OPTION_EXACT, OPT_KEEPS_COLUMNS, NULL },
	{ "-grecord-gcc-switches", OPTION_EXACT, OPT_PLAIN, NULL },
	/* gcc records what concerns code, clang all words */
	{ "-frecord-gcc-switches", OPTION_EXACT, OPT_EXPANDED | OPT_GCC_ONLY, COMMAND },
	{ "-frecord-command-line", OPTION_EXACT, OPT_LOCAL, COMMAND },
	{ "-grecord-command-line", OPTION_EXACT, OPT_LOCAL, COMMAND },
	{ "-gstabs", OPTION_PREFIX, OPT_LOCAL, "gcc warns of it, and says where" },
	{ "-fsanitize=", OPTION_JOINED, OPT_KEEPS_COLUMNS, NULL },
	{ "-g0", OPTION_EXACT, OPT_PLAIN, NULL },
	/* Only with -dD in the text (which -E -g3 implies) do macros keep their files. */
	{ "-g3", OPTION_EXACT, OPT_DEBUG | OPT_EXPANDED, NULL },
	{ "-ggdb3", OPTION_EXACT, OPT_DEBUG | OPT_EXPANDED, NULL },
	{ "-O", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "-std=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "--std=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "-ansi", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-p", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-pg", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-w", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-W", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "-Wunused-macros", OPTION_EXACT, OPT_EXPANDED | OPT_UNUSED_MACROS, NULL },
	{ "-fdiagnostics-color", OPTION_PREFIX, OPT_COLOUR, NULL },
	{ "-fno-diagnostics-color", OPTION_EXACT, OPT_COLOUR, NULL },
	{ "-fcolor-diagnostics", OPTION_EXACT, OPT_COLOUR, NULL },
	{ "-fno-color-diagnostics", OPTION_EXACT, OPT_COLOUR, NULL },
	{ "-fdiagnostics-plain-output", OPTION_EXACT, OPT_COLOUR, NULL },
	{ "-pedantic", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-pedantic-errors", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-f", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "-flto", OPTION_EXACT, OPT_LTO, LTO },
	{ "-flto=", OPTION_JOINED, OPT_LTO, LTO },
	{ "-frandom-seed=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "-fdebug-prefix-map=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "-ffile-prefix-map=", OPTION_JOINED, OPT_MAPS_FILES, NULL },
	{ "-fmacro-prefix-map=", OPTION_JOINED, OPT_MAPS_FILES, NULL },
	{ "-fdebug-compilation-dir=", OPTION_JOINED, OPT_DEBUG_DIR, NULL },
	{ "-fdebug-compilation-dir", OPTION_SEPARATE, OPT_DEBUG_DIR, NULL },
	{ "-ffile-compilation-dir=", OPTION_JOINED, OPT_DEBUG_DIR, NULL },
	{ "-m", OPTION_PREFIX, OPT_PLAIN, NULL },
	{ "--param", OPTION_SEPARATE, OPT_PLAIN, NULL },
	{ "--param=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "--sysroot", OPTION_SEPARATE, OPT_PREPROCESSOR, NULL },
	{ "--sysroot=", OPTION_JOINED, OPT_PREPROCESSOR, NULL },
	{ "--target=", OPTION_JOINED, OPT_PLAIN, NULL },
	{ "-target", OPTION_SEPARATE, OPT_PLAIN, NULL },
	{ "--gcc-toolchain=", OPTION_JOINED, OPT_PREPROCESSOR, NULL },
	{ "-no-canonical-prefixes", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-Qunused-arguments", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-Qn", OPTION_EXACT, OPT_PLAIN, NULL },
	{ "-Qy", OPTION_EXACT, OPT_PLAIN, NULL },
};

/* GNU long spellings that both compilers take, with "=VALUE" or VALUE in the next word. */
static const struct {
	const char *name, *shorter;
	bool has_value;
} long_names[] = {
	{ "--compile", "-c", false },
	{ "--assemble", "-S", false },
	{ "--preprocess", "-E", false },
	{ "--output", "-o", true },
	{ "--language", "-x", true },
	{ "--include", "-include", true },
	{ "--imacros", "-imacros", true },
	{ "--include-directory", "-I", true },
	{ "--include-directory-after", "-idirafter", true },
	{ "--define-macro", "-D", true },
	{ "--undefine-macro", "-U", true },
	{ "--write-dependencies", "-MD", false },
	{ "--write-user-dependencies", "-MMD", false },
	{ "--dependencies", "-M", false },
	{ "--user-dependencies", "-MM", false },
	{ "--no-standard-includes", "-nostdinc", false },
	{ "--pedantic", "-pedantic", false },
	{ "--pedantic-errors", "-pedantic-errors", false },
	{ "--ansi", "-ansi", false },
	{ "--debug", "-g", false },
	{ "--optimize", "-O", false },
	{ "--no-warnings", "-w", false },
	{ "--all-warnings", "-Wall", false },
	{ "--extra-warnings", "-Wextra", false },
	{ "--trigraphs", "-trigraphs", false },
	{ "--pipe", "-pipe", false },
	{ "--save-temps", "-save-temps", false },
	{ "--static", "-static", false },
	{ "--shared", "-shared", false },
	{ "--profile", "-p", false },
	{ "--library-directory", "-L", true },
	{ "--for-linker", "-Xlinker", true },
};

size_t option_shorten(char *const *words, struct argv *out)
{
	const char *word = words[0];
	size_t len = strcspn(word, "=");

	if (strncmp(word, "--", 2) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(long_names) / sizeof(long_names[0]); i++) {
		if (strlen(long_names[i].name) != len || strncmp(word, long_names[i].name, len) != 0)
			continue;
		if (!long_names[i].has_value) {
			if (word[len])
				return 0;
			argv_add(out, long_names[i].shorter);
			return 1;
		}
		if (!word[len] && !words[1])
			return 0;
		argv_add(out, long_names[i].shorter);
		argv_add(out, word[len] ? word + len + 1 : words[1]);
		return word[len] ? 1 : 2;
	}
	return 0;
}

const struct option_row *option_rows(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

static bool fits(const struct option_row *row, const char *word, size_t name_len)
{
	if (strncmp(word, row->name, name_len) != 0)
		return false;
	switch (row->form) {
	case OPTION_EXACT:
	case OPTION_SEPARATE:
		return word[name_len] == '\0';
	case OPTION_JOINED:
		return word[name_len] != '\0';
	case OPTION_PREFIX:
	case OPTION_EITHER:
		break;
	}
	return true;
}

struct option_match option_find(char *const *words)
{
	const char *word = words[0];
	struct option_match match = { NULL, NULL, 1 };
	size_t best = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len;

		/* all begin with '-': most are told apart by the next letter */
		if (rows[i].name[1] != word[1])
			continue;
		len = strlen(rows[i].name);
		if (!fits(&rows[i], word, len))
			continue;
		/* of two rows with the same name the exact one knows better */
		if (!match.row || len > best || (len == best && rows[i].form == OPTION_EXACT)) {
			match.row = &rows[i];
			best = len;
		}
	}
	if (!match.row)
		return match;
	if (match.row->form == OPTION_SEPARATE || (match.row->form == OPTION_EITHER && !word[best])) {
		match.n_words = 2;
		match.argument = words[1];
	} else if (word[best]) {
		match.argument = word + best;
	}
	return match;
}
