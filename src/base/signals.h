/* base/signals.h - being told to end. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * Calls handler (async-signal-safe work only) on TERM, INT and HUP unless the signal was ignored
 * on entry (nohup). When it returns true the signal then ends the process as by default, when it
 * returns false the handler has taken care of that. Ignores SIGPIPE.
 */
void signals_catch_end(bool (*handler)(int signal_number));

/* Gives all signals their default action and unblocks them; for a child before exec. */
void signals_reset(void);

#endif
