/*
 * compiler/response.h - @FILE: words that are kept in files.
 *
 * As gcc and clang read them (GNU quoting): blanks separate, '...' and "..." group, a backslash takes
 * the next character as it is, also inside quotes. A file may name further files; one that cannot be
 * read stays the word that it is.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_RESPONSE_H
#define COMPILER_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"

/* The words of such a file's text, added to out. */
void response_split(const char *text, size_t len, struct argv *out);

/* Is there a word that begins with '@'? Most commands have none. */
bool response_is_used(const struct argv *command);

/*
 * A copy of the command with the words of all files in their place, added to out. False when that
 * is too much (files in a circle, more than a command line holds): then nothing is known.
 */
bool response_expand(const struct argv *command, struct argv *out);

#endif
