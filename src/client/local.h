/* client/local.h - running the compiler on this machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_LOCAL_H
#define CLIENT_LOCAL_H

#include <stdbool.h>

#include "base/argv.h"
#include "compiler/scan.h"

/* Runs the command as it is, with our streams; returns the exit status for main() (128 + signal).
 * source is for the log. */
int local_run(const struct argv *command, const char *source);

/* Runs a compile that was meant for the farm: as local_run(), but gcc's object, too, appears whole or
 * not at all even if we are killed (clang sees to that itself). */
int local_compile(const struct argv *command, const struct scan *scan);

/* For a signal handler: passes the signal on to a running compiler and returns true, so that it can
 * tidy up (local_run returns then); false when none runs. */
bool local_forward_signal(int signal_number);

#endif
