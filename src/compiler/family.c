/* compiler/family.c - see family.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/family.h"

#include <stddef.h>
#include <string.h>

#include "base/path.h"

/* Is it NAME or NAME-VERSION at the end, with nothing or a '-' before it? */
static int ends_in(const char *base, const char *name)
{
	size_t len = strlen(base), name_len = strlen(name);
	size_t without_version = len;

	while (without_version && strchr("0123456789.", base[without_version - 1]))
		without_version--;
	if (without_version < len && without_version && base[without_version - 1] == '-')
		len = without_version - 1;
	return len >= name_len && strncmp(base + len - name_len, name, name_len) == 0 &&
	       (len == name_len || base[len - name_len - 1] == '-');
}

enum compiler_family family_of_name(const char *name)
{
	const char *base = path_base(name);

	if (ends_in(base, "clang") || ends_in(base, "clang++"))
		return FAMILY_CLANG;
	if (ends_in(base, "gcc") || ends_in(base, "g++"))
		return FAMILY_GCC;
	return FAMILY_UNKNOWN;
}
