/* base/argv.h - a list of words that ends in NULL, as execve(2) takes it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ARGV_H
#define BASE_ARGV_H

#include <stddef.h>

struct argv {
	char **words;		/* words[n] is NULL; NULL itself while empty */
	size_t n;
	size_t capacity;
};
#define ARGV_INIT { NULL, 0, 0 }
#define autoargv __attribute__((cleanup(argv_release))) struct argv

void argv_add(struct argv *argv, const char *word);			/* copies */
void argv_add_format(struct argv *argv, const char *format, ...) __attribute__((format(printf, 2, 3)));
void argv_add_all(struct argv *argv, char *const *words);		/* a NULL-terminated list */
void argv_insert(struct argv *argv, size_t at, const char *word);
void argv_remove(struct argv *argv, size_t at, size_t n_words);
void argv_replace(struct argv *argv, size_t at, const char *word);
void argv_release(struct argv *argv);

/* The words joined by blanks; a word that is empty or holds blank, tab, newline, ", ' or ; is
 * put in double quotes. For log lines ("exec on localhost: ..."), not for a shell. Yours to free. */
char *argv_printable(const struct argv *argv);

#endif
