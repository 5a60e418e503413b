/* gateway/confine.h - the loop process gives up what it does not need. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_CONFINE_H
#define GATEWAY_CONFINE_H

#include <sys/types.h>

#include "base/err.h"

/* Changes to uid and gid without any other group, and verifies it; ERR_PRIVILEGES. For a process
 * that is not root only no_new_privs is set. */
int confine_drop(uid_t uid, gid_t gid, struct err *err);

/* Refuses what a loop over sockets never does: to execute, trace, mount, load. Which form is chosen
 * by configure (confine-seccomp.c, confine-none.c). Failing is no error: *how says what holds. */
void confine_self(const char **how);

#endif
