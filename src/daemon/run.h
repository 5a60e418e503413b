/* daemon/run.h - one confined compiler, while its client is watched. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"
#include "daemon/confine.h"
#include "daemon/view.h"

struct run {
	const struct argv *argv;
	const char *dir;		/* working directory; with a view, the view's */
	int work_fd;			/* the directory for stdout and stderr */
	const char *tmpdir;		/* what the compiler is told about temporary files */
	const struct view *view;	/* or NULL */
	const struct confine *confine;
	int client_fd;			/* its end ends the compiler */
	const char *peer;
	int lifetime_s;			/* 0: none */
};

enum run_end { RUN_ENDED, RUN_TOO_LONG, RUN_CLIENT_GONE };

struct run_result {
	enum run_end end;
	int status;			/* as wait(2) gives it */
	struct buf serr, sout;
};
#define RUN_RESULT_INIT { RUN_ENDED, 0, BUF_INIT, BUF_INIT }
void run_result_release(struct run_result *result);

/* Also a compiler that cannot be started is a result: status 110, and why in serr. When this returns,
 * nothing that it started runs any more. */
int run_compiler(const struct run *run, struct run_result *result, struct err *err);

/* For a signal handler: ends the compiler that runs now, if any. */
void run_kill(void);

#endif
