/* daemon/sysfilter.h - the system calls that a compiler has no use for. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_SYSFILTER_H
#define DAEMON_SYSFILTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Compiles the filter once; each job only loads it. ERR_PRIVILEGES where the build or the kernel has
 * none. no_signals: for kernels where nothing else keeps signals inside. connects: UNIX and internet sockets
 * may be made and connected. */
int sysfilter_make(struct buf *program, bool no_signals, bool connects, struct err *err);

/* For good, in this process and its children: 0, or -1 and errno. Only system calls. */
int sysfilter_enter(const struct buf *program);

#endif
