/* state/refusal.h - compilers that a host is not asked for, for a while: the host itself is well. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_REFUSAL_H
#define STATE_REFUSAL_H

#include "base/err.h"
#include "hosts/spec.h"

enum refusal {
	REFUSAL_NONE,
	REFUSAL_LACKING,		/* it has no compiler of that name, or may not run it */
	REFUSAL_MISFIT,			/* its compiler of that name makes objects that nobody here can use */
	/* it took the request and closed without an answer, as 3.4 refuses a compiler */
	REFUSAL_SILENT
};

/*
 * What is known of a compiler (as it is named in the request) on a host. What a host said itself holds for
 * ten minutes, what its silence may mean for period_s, the back-off period; 0 switches all off. All
 * quiet, as for state/backoff.h; files "backoff_..._0_COMPILER", which stock clients do not look at.
 */
enum refusal refusal_get(const struct host_spec *host, const char *compiler, int period_s);
void refusal_note(const struct host_spec *host, const char *compiler, enum refusal why, int period_s);

/* A sentence with host, compiler and remedy, and the code that jobs end with for it. Always -1. */
int refusal_explain(const struct host_spec *host, const char *compiler, enum refusal why, struct err *err);

#endif
