/* client/fresh.h - did a file that a source depends on change during the build? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_FRESH_H
#define CLIENT_FRESH_H

#include <time.h>

/*
 * The first file named in a dependency file that changed at `since` or later, yours to free; NULL: none, or the
 * dependency file itself is missing or older. Names that match the glob `exclude` (or NULL) do not count.
 */
char *fresh_find(const char *deps_file, const char *exclude, time_t since);

#endif
