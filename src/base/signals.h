/* base/signals.h - being told to end. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <signal.h>

/*
 * Calls handler (async-signal-safe work only) on TERM, INT and HUP unless the signal was ignored
 * on entry (nohup), then lets the signal end the process as by default. Ignores SIGPIPE.
 */
void signals_catch_end(void (*handler)(int signal_number));

/* Gives all signals their default action and unblocks them; for a child before exec. */
void signals_reset(void);

#endif
