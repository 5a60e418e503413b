/* compiler/language.h - what a file name or -x says about a source. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_LANGUAGE_H
#define COMPILER_LANGUAGE_H

#include <stdbool.h>

enum language {
	LANG_NONE,			/* not a source that can be distributed */
	LANG_C, LANG_CXX, LANG_OBJC, LANG_OBJCXX,
	LANG_C_CPP, LANG_CXX_CPP, LANG_OBJC_CPP, LANG_OBJCXX_CPP,	/* already preprocessed */
	LANG_ASSEMBLER,			/* .s */
	LANG_ASSEMBLER_CPP		/* .S */
};

enum language language_of_file(const char *name);		/* by extension, as gcc does */
/* "Fortran", "Rust"...; NULL if not a source of such a language */
const char *language_foreign(const char *name);
/* the argument of -x; LANG_NONE if not ours */
enum language language_of_x(const char *name);
const char *language_x_name(enum language language);		/* for -x; NULL for LANG_NONE */
bool language_is_preprocessed(enum language language);
enum language language_preprocessed(enum language language);	/* C -> C_CPP ... */
const char *language_preprocessed_extension(enum language language);	/* ".i", ".ii", ".mi", ".mii" */
bool language_is_objc(enum language language);			/* Objective-C or -C++, preprocessed or not */
/* C, C++, ObjC, ObjC++, raw or preprocessed */
bool language_is_distributable(enum language language);

#endif
