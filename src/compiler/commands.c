/*
 * compiler/commands.c - see commands.h.
 *
 * Each goes through the words of the scanned command once, and lets the table say which of them
 * concern the program that it is for.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/commands.h"

#include <string.h>

#include "base/str.h"
#include "compiler/machine.h"
#include "compiler/options.h"

void scan_add_dependency_options(const struct scan *scan, struct argv *out)
{
	if (!scan->wants_deps)
		return;
	if (!scan->has_deps_file) {
		argv_add(out, "-MF");
		argv_add(out, scan->deps_file);
	}
	if (!scan->has_deps_target) {
		argv_add(out, "-MQ");
		argv_add(out, scan->deps_target);
	}
}

void scan_preprocess_command(const struct scan *scan, enum text_kind kind, struct argv *out)
{
	static const char *const extra[] = {
		[TEXT_DIRECTIVES] = "-fdirectives-only", [TEXT_INCLUDES] = "-frewrite-includes",
	};
	bool done = false;

	argv_add(out, scan->command.words[0]);
	for (size_t i = 1; i < scan->command.n;) {
		char *const *words = scan->command.words + i;
		struct option_match match = { NULL, NULL, 1 };

		if (i != scan->input_at && words[0][0] == '-' && words[0][1])
			match = option_find(words);
		i += match.n_words;
		if (match.row && match.row->meaning & OPT_OUTPUT)
			continue;
		if (match.row && match.row->meaning & (OPT_COMPILE | OPT_ASSEMBLE_TEXT)) {
			if (!done)
				argv_add(out, "-E");
			done = true;
			continue;
		}
		for (size_t j = 0; j < match.n_words; j++)
			argv_add(out, words[j]);
	}
	scan_add_dependency_options(scan, out);
	if (kind != TEXT_EXPANDED)
		argv_add(out, extra[kind]);
}

void scan_predefines_command(const struct scan *scan, struct argv *out)
{
	argv_add(out, scan->command.words[0]);
	for (size_t i = 1; i < scan->command.n;) {
		char *const *words = scan->command.words + i;
		struct option_match match = { NULL, NULL, 1 };
		bool is_input = i == scan->input_at;

		if (!is_input && words[0][0] == '-' && words[0][1])
			match = option_find(words);
		i += match.n_words;
		if (is_input || (match.row &&
				 match.row->meaning & (OPT_OUTPUT | OPT_COMPILE |
						       OPT_ASSEMBLE_TEXT | OPT_LANGUAGE |
								    OPT_LINKER | OPT_INCLUDE |
								    OPT_DEPS | OPT_DEPS_FILE |
								    OPT_DEPS_TARGET)))
			continue;
		/* -MP and the like go with the rest of their family */
		if (str_starts_with(words[0], "-M"))
			continue;
		for (size_t j = 0; j < match.n_words; j++)
			argv_add(out, words[j]);
	}
	argv_add(out, "-w");
	argv_add(out, "-E");
	argv_add(out, "-dM");
	argv_add(out, "-x");
	argv_add(out, language_x_name(scan->language));
	argv_add(out, "/dev/null");
}

/* gcc colours messages for any terminal that is not dumb; clang asks the terminal's description. */
static bool shows_colours(enum compiler_family family, const char *terminal)
{
	static const char *const coloured[] = { "ansi", "cygwin", "linux", "screen", "tmux", "xterm", "rxvt", "konsole", "alacritty", "foot", "kitty" };

	if (family == FAMILY_GCC)
		return *terminal && strcmp(terminal, "dumb") != 0;
	for (size_t i = 0; i < sizeof(coloured) / sizeof(coloured[0]); i++)
		if (str_starts_with(terminal, coloured[i]))
			return true;
	return strstr(terminal, "color") != NULL;
}

const char *scan_colour_option(const struct scan *scan, const char *terminal)
{
	return terminal && !scan->has_colour && scan->family != FAMILY_UNKNOWN &&
	       shows_colours(scan->family, terminal) ?
		"-fdiagnostics-color=always" : NULL;
}

/* gcc's answer to -march=native has all options of the kind, in the order that counts; clang's has
 * the features only, which win because they come last. */
static bool is_replaced(const struct scan *scan, const struct option_match *match, char *const *words)
{
	size_t n_words;

	return (match->row->meaning & OPT_NATIVE) ||
	       (scan->family == FAMILY_GCC && machine_is_concerned(words, &n_words));
}

static void add_place(const struct scan *scan, const struct scan_place *place, struct argv *out)
{
	for (size_t i = 0; i < scan->native.n; i++)
		argv_add(out, scan->native.words[i]);
	if (place->kind == TEXT_DIRECTIVES)
		argv_add(out, "-fdirectives-only");
	if (scan->family == FAMILY_CLANG && scan->needs.debug && !scan->has_debug_dir && place->dir)
		argv_add_format(out, "-fdebug-compilation-dir=%s", place->dir);
	if (scan_colour_option(scan, place->terminal))
		argv_add(out, scan_colour_option(scan, place->terminal));
}

void scan_server_command(const struct scan *scan, const struct scan_place *place, struct argv *out)
{
	argv_add(out, scan->command.words[0]);
	for (size_t i = 1; i < scan->command.n;) {
		char *const *words = scan->command.words + i;
		struct option_match match = { NULL, NULL, 1 };

		if (i != scan->input_at && words[0][0] == '-' && words[0][1])
			match = option_find(words);
		i += match.n_words;
		if (match.row && match.row->meaning & (OPT_PREPROCESSOR | OPT_LINKER))
			continue;
		if (scan->native.n && match.row && is_replaced(scan, &match, words))
			continue;
		/* A server of distcc 3.4 refuses the bare word; to clang this one means the same. */
		if (match.row && match.row->meaning & OPT_LTO && strcmp(words[0], "-flto") == 0) {
			argv_add(out, "-flto=full");
			continue;
		}
		/* what has been mapped here is not mapped there, and clang says so */
		if (scan->family == FAMILY_CLANG && str_starts_with(words[0], "-fmacro-prefix-map="))
			continue;
		argv_add(out, words[0]);
		if (match.row && match.row->meaning & OPT_LANGUAGE)
			/* what is sent is preprocessed: a second time would expand what it made */
			argv_add(out, language_x_name(language_preprocessed(scan->language)));
		else if (match.n_words == 2)
			argv_add(out, words[1]);
	}
	add_place(scan, place, out);
}
