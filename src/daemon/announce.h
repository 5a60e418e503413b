/* daemon/announce.h - telling the local network of this server (DNS-SD, by avahi), in a process of its own. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_ANNOUNCE_H
#define DAEMON_ANNOUNCE_H

#include <stdbool.h>
#include <sys/types.h>

bool announce_is_built_in(void);

/*
 * The service _distcc._tcp at this TCP port, for jobs at once, until this process is killed or its parent
 * dies; avahi takes it back then. Whatever becomes of avahi or D-Bus, it goes on trying: without them
 * there is one warning. Runs cc once for its version, which clients of distcc 3.4 look for.
 */
_Noreturn void announce_run(int port, int jobs, pid_t parent);

#endif
