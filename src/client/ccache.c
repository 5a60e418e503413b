/*
 * client/ccache.c - see ccache.h.
 *
 * Distcc 3.4 sends such a command as it is. Few servers run a "ccache", so most such jobs fail there,
 * and are done here after all.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/ccache.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

bool ccache_is_first(const struct argv *command)
{
	return command->n > 2 && str_equal(path_base(command->words[0]), "ccache") &&
	       command->words[1][0] != '-';
}

void ccache_become(const struct argv *command, const char *argv0)
{
	/* what is not absolute is looked for on PATH only */
	autofree char *self = strchr(argv0, '/') ? path_absolute(argv0) : mem_strdup(argv0);
	bool is_ours = !env_get("CCACHE_PREFIX");

	/* ccache takes the prefix for words */
	if (is_ours && strpbrk(self, " \t\n"))
		return;
	if (is_ours)
		setenv("CCACHE_PREFIX", self, 1);
	execvp(command->words[0], command->words);
	if (is_ours)
		unsetenv("CCACHE_PREFIX");
}
