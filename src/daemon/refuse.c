/*
 * daemon/refuse.c - see refuse.h.
 *
 * Two nets. The table has the options that run or load something, or lead to files by a name that is
 * not a value of "="; the second net takes every -f, -d and -m option whose value is a path out of the
 * job's directory, so that next year's compiler brings no hole. What neither catches still runs confined.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/refuse.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define RUNS "runs a program that the client names"
#define LOADS "loads code that the client names"
#define LEADS "takes options from a file that the client names"
#define PASSES "passes options on that are not looked at"
#define MEANS "changes what the other options mean"
#define TOOLS "changes where the compiler looks for its programs"
#define WRITES "writes a file that the client names"
#define READS "reads a file that the client names"

static const struct refuse_row rows[] = {
	{ "@", REFUSE_PREFIX, LEADS },
	{ "-B", REFUSE_PREFIX, TOOLS },
	{ "--prefix", REFUSE_PREFIX, TOOLS },
	{ "-wrapper", REFUSE_PREFIX, RUNS },
	{ "--wrapper", REFUSE_PREFIX, RUNS },
	{ "-specs", REFUSE_PREFIX, LEADS },
	{ "--specs", REFUSE_PREFIX, LEADS },
	{ "--config", REFUSE_PREFIX, LEADS },
	{ "-fplugin", REFUSE_PREFIX, LOADS },
	{ "-iplugindir", REFUSE_PREFIX, LOADS },
	{ "-fpass-plugin", REFUSE_PREFIX, LOADS },
	{ "--hipspv-pass-plugin", REFUSE_PREFIX, LOADS },
	{ "-fself-test", REFUSE_PREFIX, RUNS },
	{ "-load", REFUSE_PREFIX, LOADS },
	{ "-plugin", REFUSE_EXACT, LOADS },
	{ "-add-plugin", REFUSE_EXACT, LOADS },
	{ "-cc1", REFUSE_PREFIX, PASSES },
	{ "-Xclang", REFUSE_PREFIX, PASSES },
	{ "-Xcc1", REFUSE_PREFIX, PASSES },
	{ "-Xassembler", REFUSE_PREFIX, PASSES },
	{ "--for-assembler", REFUSE_PREFIX, PASSES },
	{ "-Xpreprocessor", REFUSE_PREFIX, PASSES },
	{ "-Xarch_", REFUSE_PREFIX, PASSES },
	{ "-Xcuda", REFUSE_PREFIX, PASSES },
	{ "-Xopenmp-target", REFUSE_PREFIX, PASSES },
	{ "-Xanalyzer", REFUSE_PREFIX, PASSES },
	{ "-clang:", REFUSE_PREFIX, PASSES },
	{ "/clang:", REFUSE_PREFIX, PASSES },
	{ "--driver-mode", REFUSE_PREFIX, MEANS },
	{ "-ccc-", REFUSE_PREFIX, TOOLS },
	{ "--gcc-toolchain", REFUSE_PREFIX, TOOLS },
	{ "-gcc-toolchain", REFUSE_PREFIX, TOOLS },
	{ "--gcc-install-dir", REFUSE_PREFIX, TOOLS },
	{ "--cuda-path", REFUSE_PREFIX, TOOLS },
	{ "--ptxas-path", REFUSE_PREFIX, TOOLS },
	{ "--rocm-path", REFUSE_PREFIX, TOOLS },
	{ "--hip-", REFUSE_PREFIX, TOOLS },
	{ "--libomptarget-", REFUSE_PREFIX, READS },
	{ "--overlay-platform-toolchain", REFUSE_PREFIX, TOOLS },
	{ "--ld-path", REFUSE_PREFIX, TOOLS },
	{ "-resource-dir", REFUSE_PREFIX, TOOLS },
	{ "-fmodule-mapper", REFUSE_PREFIX, RUNS },
	{ "-no-integrated-cpp", REFUSE_EXACT, RUNS },
	{ "-fprofile-generate=", REFUSE_PREFIX, WRITES },
	{ "-fprofile-use=", REFUSE_PREFIX, READS },
	{ "-fprofile-dir", REFUSE_PREFIX, WRITES },
	{ "-fauto-profile", REFUSE_PREFIX, READS },
	{ "-fproc-stat-report", REFUSE_PREFIX, WRITES },
	{ "-fcrash-diagnostics-dir", REFUSE_PREFIX, WRITES },
	{ "-fmodules-cache-path", REFUSE_PREFIX, WRITES },
	{ "-index-store-path", REFUSE_PREFIX, WRITES },
	{ "-serialize-diagnostics", REFUSE_PREFIX, WRITES },
	{ "--serialize-diagnostics", REFUSE_PREFIX, WRITES },
	{ "-dependency-file", REFUSE_PREFIX, WRITES },
	{ "-dependency-dot", REFUSE_PREFIX, WRITES },
	{ "-module-dependency-dir", REFUSE_PREFIX, WRITES },
	{ "-MJ", REFUSE_PREFIX, WRITES },
	{ "-MF", REFUSE_PATH, WRITES },
	{ "-time=", REFUSE_PREFIX, WRITES },
	{ "-J", REFUSE_PREFIX, WRITES },
	{ "-fmodules-user-build-path", REFUSE_PREFIX, WRITES },
	{ "-arcmt-migrate-report-output", REFUSE_PREFIX, WRITES },
	{ "-objcmt-", REFUSE_PREFIX, WRITES },
	{ "-dsym-dir", REFUSE_PREFIX, WRITES },
	{ "-aux-info", REFUSE_PREFIX, WRITES },
	{ "--aux-info", REFUSE_PREFIX, WRITES },
	{ "-auxbase", REFUSE_PREFIX, WRITES },
	{ "-dumpbase", REFUSE_PREFIX, WRITES },
	{ "--dumpbase", REFUSE_PREFIX, WRITES },
	{ "-dumpdir", REFUSE_PREFIX, WRITES },
	{ "--dumpdir", REFUSE_PREFIX, WRITES },
	{ "--output", REFUSE_PREFIX, WRITES },
	{ "-ivfsoverlay", REFUSE_PREFIX, READS },
	{ "-vfsoverlay", REFUSE_PREFIX, READS },
	{ "-include", REFUSE_PATH, READS },
	{ "--include", REFUSE_PATH, READS },
	{ "-include-pch", REFUSE_PATH, READS },
	{ "-imacros", REFUSE_PATH, READS },
	{ "--imacros", REFUSE_PATH, READS },
	{ "--embed-dir", REFUSE_PATH, READS },
	{ "-working-directory", REFUSE_PREFIX, TOOLS },
	{ "-remap", REFUSE_EXACT, READS },
};

/* Their values are text that is compared or printed, never opened. */
static const char *const harmless_values[] = {
	"-fdebug-prefix-map=", "-fmacro-prefix-map=", "-ffile-prefix-map=", "-fprofile-prefix-map=", "-fcoverage-prefix-map=",
	"-fdebug-compilation-dir=", "-fcoverage-compilation-dir=", "-ffile-compilation-dir=", "-frandom-seed=", "-fcf-protection=",
	"-fdebug-default-version=", "-fprofile-prefix-path=",
};

const struct refuse_row *refuse_rows(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

static int refuse(const char *word, const char *why, struct err *err)
{
	autofree char *quoted = str_quote(word);

	return err_set(err, ERR_DENIED, "option %s is refused: it %s", quoted, why);
}

/* Absolute, or out of the directory by "..": the whole value or one of its parts. */
static bool leads_out(const char *value)
{
	const char *at = value;

	if (value[0] == '/')
		return true;
	while ((at = strstr(at, ".."))) {
		bool begins = at == value || at[-1] == '/' || at[-1] == ':' || at[-1] == ',' || at[-1] == '=';

		if (begins && (at[2] == '/' || at[2] == '\0'))
			return true;
		at += 2;
	}
	return strstr(value, "=/") || strstr(value, ":/") || strstr(value, ",/");
}

static bool is_harmless(const char *word)
{
	for (size_t i = 0; i < sizeof(harmless_values) / sizeof(harmless_values[0]); i++)
		if (str_starts_with(word, harmless_values[i]))
			return true;
	return false;
}

/* "-fdump-tree-all=/x", "-ftime-trace=../x", "-fopt-info-vec=/x": what any option may grow into. */
static bool value_leads_out(const char *word)
{
	const char *value = strchr(word, '=');

	if (!value || is_harmless(word))
		return false;
	if (word[0] != '-' || !word[1] || !strchr("fdmg", word[1]))
		return false;
	return leads_out(value + 1);
}

/* One of the comma-separated words after -Wa, or -Wp,. */
static const char *judge_part(bool assembler, const char *part)
{
	if (part[0] == '@')
		return LEADS;
	if (leads_out(part))
		return assembler ? READS : WRITES;
	if (!assembler)
		return NULL;
	/* "-al=listing" and "--MD file" write, "-o" moves the output, "-I" reaches other files */
	if (str_starts_with(part, "-a") && strchr(part, '='))
		return WRITES;
	if (str_starts_with(part, "--MD") || strcmp(part, "-o") == 0 || str_starts_with(part, "-o."))
		return WRITES;
	if (str_starts_with(part, "-I/") || str_starts_with(part, "-I.."))
		return READS;
	return NULL;
}

static const char *judge_word(const char *word, const char *next, bool names_clients_files);

/* What comes after -Wp, is the preprocessor's, which is the compiler: an option there is as good as any. */
static const char *judge_parts(const char *word)
{
	bool assembler = str_starts_with(word, "-Wa,");
	autofree char *copy = NULL;
	const char *why = NULL;
	char *rest, *part;

	if (!assembler && !str_starts_with(word, "-Wp,"))
		return NULL;
	rest = copy = mem_strdup(word + 4);
	while (!why && (part = strsep(&rest, ","))) {
		why = judge_part(assembler, part);
		if (!why && !assembler)
			why = judge_word(part, NULL, true);
	}
	return why;
}

static bool applies(const struct refuse_row *row, const char *word, const char *next,
		    bool names_clients_files)
{
	const char *value;

	switch (row->form) {
	case REFUSE_EXACT:
		return strcmp(word, row->name) == 0;
	case REFUSE_PREFIX:
		return str_starts_with(word, row->name);
	case REFUSE_PATH:
		if (names_clients_files || !str_starts_with(word, row->name))
			return false;
		value = word + strlen(row->name);
		if (*value == '-')
			return false;			/* another option: "--include-directory" */
		return leads_out(*value ? value + (*value == '=') : next ? next : "");
	}
	return false;
}

/* next: the word behind it, or NULL. */
static const char *judge_word(const char *word, const char *next, bool names_clients_files)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (applies(&rows[i], word, next, names_clients_files))
			return rows[i].why;
	if (value_leads_out(word))
		return "names a file outside of the job's directory";
	return judge_parts(word);
}

/* -mllvm hands the next word to the code generator, which can load plugins and write files. */
static const char *judge_llvm(const char *argument)
{
	if (!argument)
		return NULL;
	if (strstr(argument, "-load") || strchr(argument, '/') || strstr(argument, "-file") ||
	    strstr(argument, "-dir"))
		return PASSES;
	return NULL;
}

int refuse_check(const struct argv *argv, bool names_clients_files, struct err *err)
{
	for (size_t i = 1; i < argv->n; i++) {
		const char *word = argv->words[i],
			   *why = judge_word(word, argv->words[i + 1], names_clients_files);

		if (!why && strcmp(word, "-mllvm") == 0)
			why = judge_llvm(argv->words[i + 1]);
		if (!why && str_starts_with(word, "-mllvm="))
			why = judge_llvm(word + strlen("-mllvm="));
		if (why)
			return refuse(word, why, err);
	}
	return 0;
}
