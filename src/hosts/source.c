/* hosts/source.c - see source.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts/source.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

/* The first readable file of the search order; NULL when there is none. */
static char *find_file(void)
{
	const char *dir = env_get("DISTCC_DIR"), *home = env_get("HOME");
	char *user = dir ? str_format("%s/hosts", dir) : home ? str_format("%s/.distcc/hosts", home) : NULL;

	if (user && access(user, R_OK) == 0)
		return user;
	free(user);
	return access(SYSCONFDIR "/distcc/hosts", R_OK) == 0 ? mem_strdup(SYSCONFDIR "/distcc/hosts") : NULL;
}

int hosts_load(struct host_list *list, char **source, struct err *err)
{
	/* Set but empty is a choice here: a list without hosts (wrappers rely on it). */
	const char *text = getenv("DISTCC_HOSTS");
	autobuf file = BUF_INIT;

	*source = NULL;
	if (text) {
		*source = mem_strdup("$DISTCC_HOSTS");
	} else {
		*source = find_file();
		if (!*source)
			return err_set(err, ERR_HOSTSPEC, "no hostlist is set; can't distribute work");
		if (file_read(*source, HOST_LIST_MAX, &file, err) < 0)
			return -1;
		text = file.len ? file.data : "";
	}
	if (host_list_parse(list, text, err) < 0)
		return err_prefix(err, "%s", *source);
	if (list->randomize)
		host_list_shuffle(list, (unsigned)getpid());
	return 0;
}
