/*
 * gateway/startup.h - from the command line to a gateway that serves: whoever started it in the
 * background hears how that went, and the pid file names whoever serves. A start that fails, be it
 * in the last moment of a --replace, leaves the pid file as it was.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_STARTUP_H
#define GATEWAY_STARTUP_H

#include <stdbool.h>

#include "base/err.h"
#include "gateway/options.h"

struct startup {
	const struct options *options;
	int pid_fd;			/* the pid file, not written yet; or -1 */
	bool made_pid_file;		/* it was not there before */
	int ready_fd;			/* to the process that waits for us, or -1 */
};
#define STARTUP_INIT(the_options) { the_options, -1, false, -1 }

/* Opens the pid file; with --daemon the process that called goes on in a child, and itself exits when
 * that serves (status 0) or has ended. Until then errors are shown on stderr, wherever the log goes. */
int startup_begin(struct startup *startup, struct err *err);
/* In the loop's process: the rest is the parent's. */
void startup_leave(struct startup *startup);
/* Serving, in either process: nothing more is said on stderr of a daemon. */
void startup_settle(const struct startup *startup);
/* Serving, in the parent: writes the pid file and lets the process go that waits. */
void startup_end(struct startup *startup);
/* The end: removes the pid file, if it names us. */
void startup_undo(struct startup *startup);

#endif
