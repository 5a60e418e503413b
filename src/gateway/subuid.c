/* gateway/subuid.c - see subuid.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/subuid.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum { FILE_MAX = 1 << 20, RANGES_MAX = 10000 };

static bool take_line(struct subuid_range *range, char *line, bool (*find)(const char *name, uid_t *uid))
{
	char *rest = line, *owner = strsep(&rest, ":"), *first = strsep(&rest, ":"), *count = rest;
	int64_t number, from, n;

	if (!count || !*owner || !str_to_int(first, 1, UINT32_MAX - 1, &from) ||
	    !str_to_int(count, 1, UINT32_MAX - from, &n))
		return false;
	if (str_to_int(owner, 0, UINT32_MAX - 1, &number))
		range->owner = (uid_t)number;
	else if (!find(owner, &range->owner))
		return false;
	range->first = (uid_t)from;
	range->last = (uid_t)(from + n - 1);
	return true;
}

void subuids_parse(struct subuids *subuids, const char *text, bool (*find)(const char *name, uid_t *uid))
{
	autofree char *copy = mem_strdup(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) && subuids->n < RANGES_MAX) {
		struct subuid_range range;

		if (!take_line(&range, line, find))
			continue;
		subuids->ranges = mem_resize(subuids->ranges, subuids->n + 1, sizeof(range));
		subuids->ranges[subuids->n++] = range;
	}
}

static bool find_user(const char *name, uid_t *uid)
{
	const struct passwd *user = getpwnam(name);

	if (user)
		*uid = user->pw_uid;
	return user != NULL;
}

void subuids_load(struct subuids *subuids, const char *path)
{
	struct err err = ERR_INIT;
	autobuf text = BUF_INIT;

	if (file_read(path, FILE_MAX, &text, &err) < 0)
		log_debug("%s", err.text);
	else if (text.len)
		subuids_parse(subuids, text.data, find_user);
}

void subuids_release(struct subuids *subuids)
{
	free(subuids->ranges);
	*subuids = (struct subuids)SUBUIDS_INIT;
}

uid_t subuids_owner(const struct subuids *subuids, uid_t uid)
{
	for (size_t i = 0; i < subuids->n; i++)
		if (uid >= subuids->ranges[i].first && uid <= subuids->ranges[i].last)
			return subuids->ranges[i].owner;
	return uid;
}
