/* daemon/outcome.h - how a job ended: what a worker tells its parent, as a fixed struct. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_OUTCOME_H
#define DAEMON_OUTCOME_H

#include <stdint.h>

/* The words of the summary line and of the statistics are those of distcc 3.4. */
enum job_class { JOB_OK, JOB_ERROR, JOB_TIMEOUT, JOB_DISCONNECTED, JOB_BAD_REQUEST, JOB_OVERLOAD,
		 JOB_OTHER, JOB_N_CLASSES };

enum { OUTCOME_TEXT_MAX = 256 };

struct job_outcome {
	enum job_class class;
	int ret;			/* 0, or an error code */
	int64_t ms;
	/* cut to fit, without blanks and control characters */
	char compiler[OUTCOME_TEXT_MAX], input[OUTCOME_TEXT_MAX];
};

#endif
