/* compiler/family.h - whose options does a compiler take, to judge by its name? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_FAMILY_H
#define COMPILER_FAMILY_H

enum compiler_family {
	FAMILY_UNKNOWN,		/* "cc" that is no link, a vendor's compiler */
	FAMILY_GCC,
	FAMILY_CLANG
};

/* "clang++-14", "/usr/bin/x86_64-linux-gnu-gcc": the last component counts. */
enum compiler_family family_of_name(const char *name);

#endif
