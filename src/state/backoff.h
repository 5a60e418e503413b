/* state/backoff.h - hosts to avoid for a while after a transport failure: files shared with stock. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_BACKOFF_H
#define STATE_BACKOFF_H

#include <stdbool.h>

#include "hosts/spec.h"

/* All quiet: a state directory that cannot be written means no memory, not an error. HOST_UNIX and
 * HOST_LOCAL never back off. period_s 0 switches everything off. */
bool backoff_is_disliked(const struct host_spec *host, int period_s);
void backoff_dislike(const struct host_spec *host, int period_s);
void backoff_enjoy(const struct host_spec *host, int period_s);

/* The file that remembers it, yours to free; NULL where nothing is remembered. */
char *backoff_file(const struct host_spec *host, int period_s);

#endif
