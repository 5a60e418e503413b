/* hosts/source.h - where the client's host list comes from. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTS_SOURCE_H
#define HOSTS_SOURCE_H

#include "base/err.h"
#include "hosts/list.h"

/*
 * DISTCC_HOSTS if set (even empty: that is a list without hosts), else DISTCC_DIR/hosts (or
 * ~/.distcc/hosts when DISTCC_DIR is unset) if readable, else SYSCONFDIR/distcc/hosts. Shuffled if
 * it asks for that. *source ("$DISTCC_HOSTS" or the path) is yours to free, set also on failure
 * when known. ERR_HOSTSPEC: no list at all, or one that does not parse.
 */
int hosts_load(struct host_list *list, char **source, struct err *err);

#endif
