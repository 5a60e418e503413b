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

/* Keeps TERM, INT and HUP pending (true) until the process is ready for them (false): a daemon that
 * can be reached already must not die halfway into its start. */
void signals_hold(bool on);

/* Gives all signals their default action and unblocks them; for a child before exec. */
void signals_reset(void);

#endif
