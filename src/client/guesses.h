/*
 * client/guesses.h - where the include server guessed wrongly, in notes beside its socket: such a unit is
 * sent as text from then on, and after a number of them all are.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_GUESSES_H
#define CLIENT_GUESSES_H

#include <stdbool.h>

#include "compiler/scan.h"

/* About this unit: noted for all jobs of the build. */
void guess_was_wrong(const struct scan *scan);
/* Was it wrong about this unit before? */
bool guess_is_doubted(const struct scan *scan);
/* Was it wrong DISTCC_MAX_DISCREPANCY times? */
bool guesses_are_doubted(void);

#endif
