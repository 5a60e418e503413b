/* client/job.h - one compiler command, from its scan to its exit status. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_JOB_H
#define CLIENT_JOB_H

#include "base/argv.h"
#include "client/settings.h"

/* Distributes the command or runs it here; the result is the exit status for main(). */
int job_run(const struct argv *command, const struct settings *settings);

#endif
