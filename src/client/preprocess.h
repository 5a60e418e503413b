/*
 * client/preprocess.h - the text that is sent: one preprocessor run for all attempts of a job, and
 * a second one where the first kind of text cannot be used (see compiler/text.h).
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PREPROCESS_H
#define CLIENT_PREPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/proc.h"
#include "base/str.h"
#include "compiler/scan.h"

/* One program whose output goes to memory. */
struct capture {
	struct proc proc;
	int out_fd, err_fd;		/* memfds; err_fd may be -1 */
	int status;			/* as wait(2) gives it */
	struct rusage usage;		/* of this machine */
};
#define CAPTURE_INIT { .proc = PROC_INIT, .out_fd = -1, .err_fd = -1 }

struct preprocess {
	enum text_kind kind;
	struct capture source;		/* out_fd is the source itself when it is preprocessed already */
	struct capture predefines;	/* with TEXT_INCLUDES */
	void *mapped;			/* what source.out_fd holds */
	size_t mapped_len;
	struct buf joined;		/* the whole, where it had to be put together */
	const char *text;		/* what is sent */
	size_t text_len;
	bool finished;
	int status;			/* of the preprocessor, as wait(2) gives it */
};
#define PREPROCESS_INIT { .source = CAPTURE_INIT, .predefines = CAPTURE_INIT, .joined = BUF_INIT }

/* $TERM if messages go to a terminal, else NULL. */
const char *preprocess_terminal(void);

/* The kind of text that suits this command best; looks up what "cc" is. */
enum text_kind preprocess_best_kind(const struct scan *scan);

/*
 * Makes the text, of the given kind or of the best that will do; what there was is forgotten. A
 * preprocessor that fails is no error here: see status.
 */
int preprocess_run(struct preprocess *cpp, const struct scan *scan, enum text_kind kind, struct err *err);
int preprocess_run_best(struct preprocess *cpp, const struct scan *scan, struct err *err);

/* Is this text of a kind that cannot be sent (see compiler/text.h), or that the compiler here cannot make? */
bool preprocess_must_expand(const struct preprocess *cpp, const struct scan *scan);

/* What the preprocessor said, added to out. */
void preprocess_messages(const struct preprocess *cpp, struct buf *out);

void preprocess_release(struct preprocess *cpp);

#endif
