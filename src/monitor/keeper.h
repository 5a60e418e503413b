/* monitor/keeper.h - keeps the list of servers that announce themselves, while somebody reads it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_KEEPER_H
#define MONITOR_KEEPER_H

#include "base/err.h"

/*
 * Returns when nobody has read the list for 20 s, or it was removed. on_ready() is called once, when the
 * first list can be read: all that there is, or why there is nobody, or what is there after 1.5 s.
 * ERR_BUSY: somebody else keeps it.
 */
int keeper_run(const char *dir, void (*on_ready)(void *context), void *context, struct err *err);

#endif
