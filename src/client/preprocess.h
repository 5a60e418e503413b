/* client/preprocess.h - the text that is sent: one preprocessor run for all attempts of a job. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PREPROCESS_H
#define CLIENT_PREPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/proc.h"
#include "compiler/scan.h"

struct preprocess {
	struct proc proc;
	int text_fd;			/* memfd, or the source itself when it is preprocessed already */
	int stderr_fd;			/* memfd; shown only if the job is accepted */
	const char *text;		/* mapped, after preprocess_finish() */
	size_t text_len;
	bool started, finished;
	int status;			/* of the preprocessor, as wait(2) gives it */
};
#define PREPROCESS_INIT { PROC_INIT, -1, -1, NULL, 0, false, false, 0 }

/* Starts it in the background; does nothing the second time. */
int preprocess_start(struct preprocess *cpp, const struct scan *scan, struct err *err);

/* Waits for its end and maps the text. A preprocessor that fails is no error here: see status. */
int preprocess_finish(struct preprocess *cpp, struct err *err);

/* Does the text make the compiler read further files (.incbin, .include in inline assembly)? */
bool preprocess_needs_files(const struct preprocess *cpp);

void preprocess_release(struct preprocess *cpp);

#endif
