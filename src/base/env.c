/* base/env.c - see env.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/env.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const char *env_get(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool env_bool(const char *name, bool default_value)
{
	const char *value = env_get(name);

	if (value && strcmp(value, "1") == 0)
		return true;
	if (value && strcmp(value, "0") == 0)
		return false;
	return default_value;
}

int env_int(const char *name, int default_value)
{
	int64_t number;

	return str_to_int(env_get(name), INT_MIN, INT_MAX, &number) ? (int)number : default_value;
}

const char *env_tmpdir(void)
{
	const char *dir = env_get("TMPDIR");

	return dir ? dir : "/tmp";
}
