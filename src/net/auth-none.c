/* net/auth-none.c - a build without GSS-API. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/auth.h"

bool auth_is_built(void)
{
	return false;
}

int auth_prove(int fd, const char *name, int idle_ms, struct err *err)
{
	(void)fd;
	(void)name;
	(void)idle_ms;
	return err_set(err, ERR_HOSTSPEC, "',auth' is not supported in this build: configure it with --with-auth");
}
