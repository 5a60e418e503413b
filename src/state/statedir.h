/* state/statedir.h - the directory for locks and state files. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_STATEDIR_H
#define STATE_STATEDIR_H

#include "base/err.h"

/*
 * DISTCC_DIR/SUB, or without DISTCC_DIR $HOME/.distcc/SUB, else (when that cannot be made or written) a
 * private directory XDG_RUNTIME_DIR/distcc/SUB, for which /run/user/UID stands, too, else
 * $TMPDIR/distcc-UID/SUB. Made if missing. Quiet: no attempt logs above debug level, and
 * nothing outside these places is touched. Yours to free.
 */
char *statedir_get(const char *sub, struct err *err);

#endif
