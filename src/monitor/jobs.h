/* monitor/jobs.h - what this user's clients do now, from their notes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_JOBS_H
#define MONITOR_JOBS_H

#include <stdbool.h>

#include "base/err.h"

/* One line a job and an empty one after them, as distcc 3.4 does; or one JSON object a line. */
int jobs_print(bool json, struct err *err);

#endif
