/* daemon/announce-none.c - without avahi-client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/announce.h"

#include <unistd.h>

bool announce_is_built_in(void)
{
	return false;
}

_Noreturn void announce_run(int port, int jobs, pid_t parent)
{
	(void)port;
	(void)jobs;
	(void)parent;
	_exit(1);
}
