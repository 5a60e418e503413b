/* include_server/answer.h - from a request to the list of names for its reply. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_ANSWER_H
#define INCLUDE_SERVER_ANSWER_H

#include <stdatomic.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"
#include "include_server/analysis.h"
#include "include_server/mirror.h"

/* What all threads share. */
struct answers {
	pthread_mutex_t lock;
	struct world *world;
	struct watch *watch;		/* or NULL */
	struct mirror *mirror;
	bool force_dirs;		/* placeholders for directories without a file */
	atomic_ulong n_requests, n_remembered, n_given_up;
};

void answers_init(struct answers *answers, struct mirror *mirror, bool force_dirs);
void answers_release(struct answers *answers);

/* key: the request's bytes, which say all. Appends ARGC and ARGV... to reply; false if it is not known any more. */
bool answer_remembered(struct answers *answers, const char *key, size_t key_len, struct buf *reply);
/* Finds it out. -1 with the reason when the command is not covered; nothing is appended then. */
int answer(struct answers *answers, struct analysis *analysis, const char *cwd, const struct argv *argv,
	   const char *key, size_t key_len, struct buf *reply, struct err *err);

#endif
