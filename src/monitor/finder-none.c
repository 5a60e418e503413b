/* monitor/finder-none.c - without avahi-client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/finder.h"

#include "base/err.h"

int finder_run(const char *dir)
{
	(void)dir;
	return ERR_FAILED;
}
