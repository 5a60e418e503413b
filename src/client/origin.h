/* client/origin.h - the files that a preprocessed text was made of: a compiler that has only the text cannot
 * look at them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_ORIGIN_H
#define CLIENT_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/guards.h"

/* Could one of the files, those of the system aside, be warned of for its layout? */
bool origin_may_mislead(const char *text, size_t len, const struct guard_warnings *warnings);

/* Does one of the files have this word, also if its letters are on several lines? A file that cannot be read
 * might. */
bool origin_has_word(const char *text, size_t len, const char *word);

#endif
