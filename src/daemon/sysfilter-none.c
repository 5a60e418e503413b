/* daemon/sysfilter-none.c - without libseccomp. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sysfilter.h"

#include <errno.h>

int sysfilter_make(struct buf *program, bool no_signals, bool connects, struct err *err)
{
	(void)program;
	(void)no_signals;
	(void)connects;
	return err_set(err, ERR_PRIVILEGES, "this build does not use libseccomp");
}

int sysfilter_enter(const struct buf *program)
{
	(void)program;
	errno = ENOSYS;
	return -1;
}
