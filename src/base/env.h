/* base/env.h - environment variables. Empty means unset, for every one of them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stdbool.h>

const char *env_get(const char *name);			/* NULL when unset or empty */
bool env_bool(const char *name, bool default_value);	/* "1" and "0"; all else is the default */
int env_int(const char *name, int default_value);	/* not a whole number: the default */
const char *env_tmpdir(void);				/* TMPDIR, else "/tmp" */

#endif
