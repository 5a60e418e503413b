/* client/journal.h - what the log tells of a job: the words of distcc 3.4, which programs look for, and one
 * line for programs. The user has been told by the compiler itself. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_JOURNAL_H
#define CLIENT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/argv.h"

/* Does anybody read it? */
bool journal_is_kept(void);

/* How a "compile" or "cpp" ended: status as wait(2) gives it. */
void journal_end(const char *what, const char *source, const char *host, int status);

/* What a compiler ("cc") or preprocessor ("cpp") on this machine has used of it. */
void journal_usage(const char *what, const struct rusage *usage);

/* Compiler and target are not as they were given: a name, and a number of words. */
void journal_rewriting(const char *given, size_t n_given, const struct argv *command);

/* So much text was compiled there since start_ms. */
void journal_exchange(size_t n_bytes, const char *source, const char *host, int64_t start_ms);

struct journal_result {
	const char *source;
	const char *where;		/* "remote", "local", "nowhere" */
	const char *server;
	const char *reason;		/* one word: wire/reason.h */
	int64_t start_ms;
	int status;
	uint64_t lease_id;
};
void journal_result(const struct journal_result *result);

/* The last lines: what the whole job took, and what it used of this machine. */
void journal_close(int64_t start_ms, int status);

#endif
