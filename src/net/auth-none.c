/* net/auth-none.c - a build without GSS-API. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/auth.h"

#include <stddef.h>

bool auth_is_built(void)
{
	return false;
}

int auth_prove(int fd, const char *name, int idle_ms, struct err *err)
{
	(void)fd;
	(void)name;
	(void)idle_ms;
	return err_set(err, ERR_HOSTSPEC,
		       "',auth' is not supported in this build: configure it with --with-auth");
}

struct auth_service *auth_service_open(const char *principal, struct err *err)
{
	(void)principal;
	err_set(err, ERR_AUTH, "--auth is not supported in this build: configure it with --with-auth");
	return NULL;
}

int auth_accept(const struct auth_service *service, const struct auth_ends *ends, char **principal,
		struct err *err)
{
	(void)service;
	(void)ends;
	*principal = NULL;
	return err_set(err, ERR_AUTH, "this build cannot authenticate clients");
}
