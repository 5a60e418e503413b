/* compiler/guards.h - does a source have statements that compilers may warn of by their layout? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_GUARDS_H
#define COMPILER_GUARDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Some warnings are given only where the compiler reads the file that a line is from, not text that was made
 * of it: gcc's of misleading indentation ("if (a)", and two statements below that stand in one column) and
 * clang's of empty bodies ("if (a);").
 */
struct guard_warnings {
	bool indentation, empty_bodies;
};

/* Could this source be warned of? Sometimes yes where the compiler says nothing: macros and conditions of
 * the preprocessor are not understood. */
bool guards_may_mislead(const char *source, size_t len, const struct guard_warnings *warnings);

#endif
