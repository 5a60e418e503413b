/*
 * doc/list-options.c - writes doc/options.txt out of the client's table of compiler options.
 * "make options-page" runs it; a test sees that the page is current.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "compiler/options.h"

static const char introduction[] =
"Compiler options, and where a command with them is compiled\n"
"===========================================================\n"
"\n"
"This page is made of the client's table (src/compiler/options.c) by \"make options-page\".\n"
"\n"
"Of the rows that fit a word the one with the longest name counts, and of two with the same name the\n"
"one without an argument. \"...\" stands for anything behind the name, ARG for an argument that must be\n"
"there. Long spellings that mean the same (--output=F) are taken like the short ones, and so are\n"
"-Wp,WORD,WORD and -Xpreprocessor WORD where the words are options that both know.\n"
"\n"
"A word that begins with a dash and fits no row makes its command run here (reason \"unknown-option\"):\n"
"it may read or write files. Of -Wa,... those words are sent that neither name files nor print. Words\n"
"behind -f, -m, -W and -O that have no row of their own concern code and messages only, and are sent;\n"
"but with a value that looks like the name of a file the command runs here.\n"
"\n"
"What else makes a command run here is in distcc(1), WHY A JOB RAN HERE. distcc --explain says it of\n"
"one command.\n";

/* The parts of the page, in its order. */
enum destiny { HERE, HERE_UNLESS_GCC, HERE_WITH_GCC, RESOLVED, USED_HERE, DEPENDENCIES, DROPPED, ASKED, DEBUGGING, SENT, N_DESTINIES };
static const char *const titles[N_DESTINIES] = {
	[HERE] = "The command runs here",
	[HERE_UNLESS_GCC] = "The command runs here unless the compiler is gcc",
	[HERE_WITH_GCC] = "The command runs here unless the compiler is clang",
	[RESOLVED] = "Sent as what it stands for on this machine",
	[USED_HERE] = "For the preprocessor, which runs here; not sent to a server that gets preprocessed text",
	[DEPENDENCIES] = "About the dependency file, which the preprocessor writes here; not sent either",
	[DROPPED] = "For the linker; not sent, since nothing is linked",
	[ASKED] = "What is to be done, of which source, and where the output goes",
	[DEBUGGING] = "Sent; with DISTCC_EXACT=1 the command runs here, since debug sections may differ",
	[SENT] = "Sent as it is",
};

static enum destiny destiny_of(const struct option_row *row)
{
	static const struct { unsigned meaning; enum destiny destiny; } first_that_fits[] = {
		{ OPT_LOCAL | OPT_LOCAL_CPP, HERE }, { OPT_GCC_ONLY, HERE_UNLESS_GCC }, { OPT_LTO, HERE_WITH_GCC }, { OPT_NATIVE, RESOLVED },
		{ OPT_DEPS | OPT_DEPS_FILE | OPT_DEPS_TARGET, DEPENDENCIES }, { OPT_PREPROCESSOR, USED_HERE }, { OPT_LINKER, DROPPED },
		{ OPT_COMPILE | OPT_ASSEMBLE_TEXT | OPT_OUTPUT | OPT_LANGUAGE, ASKED },
		{ OPT_DEBUG, DEBUGGING },
	};

	for (size_t i = 0; i < sizeof(first_that_fits) / sizeof(first_that_fits[0]); i++)
		if (row->meaning & first_that_fits[i].meaning)
			return first_that_fits[i].destiny;
	return SENT;
}

static char *spelling(const struct option_row *row)
{
	switch (row->form) {
	case OPTION_PREFIX: return str_format("%s...", row->name);
	case OPTION_SEPARATE: return str_format("%s ARG", row->name);
	case OPTION_JOINED: return str_format("%sARG", row->name);
	case OPTION_EITHER: return str_format("%s ARG, %sARG", row->name, row->name);
	case OPTION_EXACT: break;
	}
	return mem_strdup(row->name);
}

static const char *remark(const struct option_row *row)
{
	if (row->reason)
		return row->reason;
	if (row->meaning & OPT_LOCAL_CPP)
		return "preprocessing is done where the files are";
	return "";
}

static int by_name(const void *a, const void *b)
{
	const struct option_row *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* One a line with its remark, or as many in a line as it takes. */
static void print_part(const char *title, const struct option_row **rows, size_t n)
{
	size_t column = 0;
	bool has_remarks = false;

	printf("\n\n%s\n", title);
	for (size_t i = 0; title[i]; i++)
		putchar('-');
	printf("\n\n");
	for (size_t i = 0; i < n; i++)
		has_remarks |= *remark(rows[i]) != '\0';
	for (size_t i = 0; i < n; i++) {
		autofree char *text = spelling(rows[i]);

		if (has_remarks) {
			printf(*remark(rows[i]) ? "  %-36s %s\n" : "  %s%s\n", text, remark(rows[i]));
			continue;
		}
		if (column + strlen(text) + 3 > 98) {
			printf("\n");
			column = 0;
		}
		column += (size_t)printf("%s%s", column ? "   " : "  ", text);
	}
	if (column)
		printf("\n");
}

int main(void)
{
	size_t n;
	const struct option_row *rows = option_rows(&n);
	autofree const struct option_row **part = mem_array(n, sizeof(*part));

	fputs(introduction, stdout);
	for (enum destiny destiny = 0; destiny < N_DESTINIES; destiny++) {
		size_t n_part = 0;

		for (size_t i = 0; i < n; i++)
			if (destiny_of(&rows[i]) == destiny)
				part[n_part++] = &rows[i];
		qsort(part, n_part, sizeof(*part), by_name);
		print_part(titles[destiny], part, n_part);
	}
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
