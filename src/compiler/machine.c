/*
 * compiler/machine.c - see machine.h.
 *
 * gcc's driver passes -march=native on as -march=NAME, one -m... for each feature and --param for the
 * caches; where they stand among the other options decides who wins, so all options of this kind are
 * taken from its answer, and replace those of the command. clang names the processor and a list of
 * features, for most of which the driver has -m... and -mno-....
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/machine.h"

#include <string.h>

#include "base/str.h"
#include "compiler/response.h"

bool machine_is_concerned(char *const *words, size_t *n_words)
{
	*n_words = 1;
	if (strcmp(words[0], "--param") == 0 && words[1]) {
		*n_words = 2;
		return true;
	}
	return str_starts_with(words[0], "--param=") ||
	       (str_starts_with(words[0], "-m") && strcmp(words[0], "-mllvm") != 0);
}

void machine_words(const struct scan *scan, struct argv *out)
{
	argv_add(out, scan->command.words[0]);
	for (size_t i = 1; i < scan->command.n;) {
		char *const *words = scan->command.words + i;
		size_t n_words = 1;
		bool is_target = strcmp(words[0], "-target") == 0 && words[1];

		if (i != scan->input_at && (machine_is_concerned(words, &n_words) ||
					    str_starts_with(words[0], "--target=") || is_target)) {
			n_words += is_target;
			for (size_t j = 0; j < n_words; j++)
				argv_add(out, words[j]);
		}
		i += n_words;
	}
}

void machine_question(const struct scan *scan, struct argv *out)
{
	machine_words(scan, out);
	argv_add(out, "-###");
	argv_add(out, "-c");
	argv_add(out, "-x");
	argv_add(out, "c");
	argv_add(out, "/dev/null");
}

/* The line that runs the compiler proper, in words. */
static bool find_compiler_line(const char *said, size_t len, const char *name, struct argv *words)
{
	const char *end = said + len;

	for (const char *line = said; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if (*line == ' ' && memmem(line, (size_t)(stop - line), name, strlen(name))) {
			response_split(line, (size_t)(stop - line), words);
			return words->n > 1;
		}
		line = stop + 1;
	}
	return false;
}

static bool gcc_answer(const char *said, size_t len, struct argv *out)
{
	autoargv words = ARGV_INIT;

	if (!find_compiler_line(said, len, "/cc1", &words))
		return false;
	for (size_t i = 1; i < words.n;) {
		size_t n_words;

		if (machine_is_concerned(words.words + i, &n_words))
			for (size_t j = 0; j < n_words; j++)
				argv_add(out, words.words[i + j]);
		i += n_words;
	}
	return out->n > 0;
}

/* Features that every x86-64 processor has, so that no driver has an option for them. */
static bool has_no_option(const char *feature)
{
	static const char *const names[] = { "64bit", "cmov", "cx8" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(feature, names[i]) == 0)
			return true;
	return false;
}

static bool clang_answer(const char *said, size_t len, struct argv *out)
{
	autoargv words = ARGV_INIT;
	bool is_x86 = false, has_processor = false;

	if (!find_compiler_line(said, len, "\"-cc1\"", &words))
		return false;
	for (size_t i = 1; i + 1 < words.n; i++) {
		const char *value = words.words[i + 1];

		if (strcmp(words.words[i], "-triple") == 0)
			is_x86 = str_starts_with(value, "x86_64-");
		else if (strcmp(words.words[i], "-target-cpu") == 0) {
			argv_add_format(out, "-march=%s", value);
			has_processor = true;
		} else if (strcmp(words.words[i], "-tune-cpu") == 0)
			argv_add_format(out, "-mtune=%s", value);
		else if (strcmp(words.words[i], "-target-feature") == 0 && value[0] &&
			 !has_no_option(value + 1))
			argv_add_format(out, value[0] == '-' ? "-mno-%s" : "-m%s", value + 1);
		else
			continue;
		i++;
	}
	return is_x86 && has_processor;
}

bool machine_answer(enum compiler_family family, const char *said, size_t len, struct argv *out)
{
	switch (family) {
	case FAMILY_GCC: return gcc_answer(said, len, out);
	case FAMILY_CLANG: return clang_answer(said, len, out);
	case FAMILY_UNKNOWN: break;
	}
	return false;
}
