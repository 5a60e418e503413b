/* gateway/weight.h - what share of the processor an administrator has given to a process (cgroups(7)). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_WEIGHT_H
#define GATEWAY_WEIGHT_H

#include <sys/types.h>

enum { WEIGHT_USUAL = 100, WEIGHT_MAX = 10000 };

/* cpu.weight of the process's control group (version 2), or of the nearest one above it that has any:
 * 1..WEIGHT_MAX. WEIGHT_USUAL where that cannot be known. */
unsigned weight_of(pid_t pid);

/* The same for what /proc/PID/cgroup says, below another mount point. */
unsigned weight_below(const char *mount, const char *cgroups);

#endif
