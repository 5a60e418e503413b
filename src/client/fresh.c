/* client/fresh.c - see fresh.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/fresh.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "compiler/deps.h"

enum { DEPS_MAX = 64 << 20 };

char *fresh_find(const char *deps_file, const char *exclude, time_t since)
{
	autobuf text = BUF_INIT, name = BUF_INIT;
	struct stat st;
	const char *at;

	if (stat(deps_file, &st) < 0 || st.st_mtime < since ||
	    file_read(deps_file, DEPS_MAX, &text, NULL) < 0 || !text.len)
		return NULL;
	at = deps_names(&text);
	while (at && deps_next_name(&at, &name)) {
		if (exclude && fnmatch(exclude, name.data, 0) == 0)
			continue;
		log_info("Checking dependency: %s", name.data);
		if (stat(name.data, &st) < 0)
			return NULL;
		if (st.st_ctime >= since)
			return mem_strdup(name.data);
	}
	return NULL;
}
