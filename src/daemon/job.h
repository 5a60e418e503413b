/* daemon/job.h - one job on one connection, from the first byte to the summary line. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "daemon/confine.h"
#include "daemon/options.h"
#include "daemon/outcome.h"

/* Where jobs are done, one after the other. */
struct job_site {
	const struct options *options;
	const struct confine *confine;
	const char *base_dir;		/* nothing else is in it; emptied before and after each job */
	int base_fd;			/* the same: compilers may write there, and rename what they find */
	enum { VIEWS_UNTRIED, VIEWS_WORK, VIEWS_FAIL } views;
	int slots;			/* whom to ask before a compile (slot.h), or -1 */
};

/* outcome->ret is what the summary line calls "ret". peer: "127.0.0.1:4711", "UNIX-DOMAIN /path", "NOTSOCKET". */
void job_serve(struct job_site *site, int in_fd, int out_fd, const char *peer, struct job_outcome *outcome);

#endif
