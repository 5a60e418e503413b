/* base/argv.c - see argv.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/argv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void insert_owned(struct argv *argv, size_t at, char *word)
{
	if (argv->n + 2 > argv->capacity) {
		argv->capacity = argv->capacity * 2 + 16;
		argv->words = mem_resize(argv->words, argv->capacity, sizeof(*argv->words));
	}
	memmove(argv->words + at + 1, argv->words + at, (argv->n - at) * sizeof(*argv->words));
	argv->words[at] = word;
	argv->words[++argv->n] = NULL;
}

void argv_add(struct argv *argv, const char *word)
{
	insert_owned(argv, argv->n, mem_strdup(word));
}

void argv_add_format(struct argv *argv, const char *format, ...)
{
	struct buf buf = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_add_vformat(&buf, format, args);
	va_end(args);
	insert_owned(argv, argv->n, buf_steal(&buf));
}

void argv_add_all(struct argv *argv, char *const *words)
{
	for (; *words; words++)
		argv_add(argv, *words);
}

void argv_insert(struct argv *argv, size_t at, const char *word)
{
	insert_owned(argv, at, mem_strdup(word));
}

void argv_remove(struct argv *argv, size_t at, size_t n_words)
{
	for (size_t i = at; i < at + n_words; i++)
		free(argv->words[i]);
	/* with the NULL at the end */
	memmove(argv->words + at, argv->words + at + n_words,
		(argv->n + 1 - at - n_words) * sizeof(*argv->words));
	argv->n -= n_words;
}

void argv_replace(struct argv *argv, size_t at, const char *word)
{
	char *copy = mem_strdup(word);	/* word may be the one replaced */

	free(argv->words[at]);
	argv->words[at] = copy;
}

void argv_release(struct argv *argv)
{
	for (size_t i = 0; i < argv->n; i++)
		free(argv->words[i]);
	free(argv->words);
	*argv = (struct argv)ARGV_INIT;
}

char *argv_printable(const struct argv *argv)
{
	struct buf buf = BUF_INIT;

	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->words[i];
		const char *quote = (!*word || strpbrk(word, " \t\n\"';")) ? "\"" : "";

		buf_add_format(&buf, "%s%s%s%s", i ? " " : "", quote, word, quote);
	}
	return buf_steal(&buf);
}
