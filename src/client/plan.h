/* client/plan.h - where should this run? Pure: no files, no sockets, no environment. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PLAN_H
#define CLIENT_PLAN_H

#include "client/settings.h"
#include "compiler/scan.h"

enum plan_where { PLAN_LOCAL, PLAN_LOCAL_CPP, PLAN_REMOTE };

struct plan {
	enum plan_where where;
	const char *reason;		/* one word, for "reason=" in logs; NULL for PLAN_REMOTE */
	const char *detail;		/* the option, file or variable it is about; "" if none */
	const char *explanation;	/* a sentence for people */
};

struct plan plan_compile(const struct scan *scan, const struct settings *settings);

/* What follows after a server has answered with a status other than 0. */
enum verdict { VERDICT_FINAL, VERDICT_RETRY_LOCALLY };
enum verdict plan_after_failure(const struct settings *settings);

#endif
