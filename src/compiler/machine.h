/*
 * compiler/machine.h - what "native" stands for: the options for the machine, as the driver passes them
 * on (gcc -###, clang -###), in words that a driver elsewhere takes.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_MACHINE_H
#define COMPILER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"
#include "compiler/scan.h"

/* The compiler and all words of the command that concern the machine, added to out. */
void machine_words(const struct scan *scan, struct argv *out);

/* The command to ask with: the compiler and all words of the command that concern the machine. */
void machine_question(const struct scan *scan, struct argv *out);

/* The words that stand for all of them, from what the driver has printed; false when they are not
 * to be found, or cannot be said to another driver (clang for other machines than x86). */
bool machine_answer(enum compiler_family family, const char *said, size_t len, struct argv *out);

/* Does this word of a command concern the machine? *n_words is set as in struct option_match. */
bool machine_is_concerned(char *const *words, size_t *n_words);

#endif
