/* daemon/job.h - one job on one connection, from the first byte to the summary line. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "daemon/confine.h"
#include "daemon/options.h"
#include "daemon/outcome.h"

/* A fresh private directory below base_dir is used and removed. outcome->ret is what the summary line
 * calls "ret". peer: "127.0.0.1:4711", "UNIX-DOMAIN /path", "NOTSOCKET". */
void job_serve(int in_fd, int out_fd, const char *peer, const char *base_dir, const struct options *options,
	       const struct confine *confine, struct job_outcome *outcome);

/* For a signal handler: ends the compiler that runs now, if any. */
void job_kill_compiler(void);

#endif
