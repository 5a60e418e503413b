/* include_server/condition.h - is this #if true? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_CONDITION_H
#define INCLUDE_SERVER_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "include_server/expand.h"

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/* What the expression asks that is not in the macro table. */
struct oracle {
	void *context;
	/* __has_include: `spelling` has its quotes or angle brackets */
	enum truth (*has_include)(void *context, const char *spelling, size_t len, bool next);
	/* "__has_attribute(noreturn)": 1 and the value, or 0 if nobody knows */
	bool (*has_something)(void *context, const char *question, long long *value);
	/* does the compiler know the operator __has_... itself? */
	bool (*is_operator)(void *context, const struct symbol *symbol);
	bool is_cxx;
};

enum truth condition_eval(struct macros *macros, const struct oracle *oracle,
			  const struct tok *toks, size_t n);
/* #ifdef */
enum truth condition_defined(struct macros *macros, const struct oracle *oracle, const struct symbol *symbol);

#endif
