/* daemon/refuse.h - options that hand this machine to the client. Pure: a table. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_REFUSE_H
#define DAEMON_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"
#include "base/err.h"

/* A row of the table, for tests and the manual. */
struct refuse_row {
	const char *name;
	enum {
		REFUSE_PREFIX, REFUSE_EXACT,
		/* takes a path, joined or as the next word, that leads out of the job's directory */
		REFUSE_PATH
	} form;
	const char *why;		/* completes "option X is refused: it ..." */
};
const struct refuse_row *refuse_rows(size_t *n);

/*
 * Each word is looked at wherever it stands: a response file is expanded even as another option's
 * argument. ERR_DENIED with the word and the reason. names_clients_files: version 3, where paths are those of
 * files that the client sends; a row of the kind REFUSE_PATH says nothing then.
 */
int refuse_check(const struct argv *argv, bool names_clients_files, struct err *err);

#endif
