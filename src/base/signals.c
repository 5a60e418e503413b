/* base/signals.c - see signals.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/signals.h"

#include <stddef.h>
#include <string.h>

static const int end_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { N_END_SIGNALS = sizeof(end_signals) / sizeof(end_signals[0]) };

static bool (*end_handler)(int signal_number);

static void on_end(int signal_number)
{
	if (!end_handler(signal_number))
		return;
	/* It is blocked while this handler runs, and delivered when it returns. */
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

void signals_catch_end(bool (*handler)(int signal_number))
{
	struct sigaction action, old;

	end_handler = handler;
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_end;
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < N_END_SIGNALS; i++)
		sigaddset(&action.sa_mask, end_signals[i]);
	for (int i = 0; i < N_END_SIGNALS; i++)
		if (sigaction(end_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(end_signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void signals_hold(bool on)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < N_END_SIGNALS; i++)
		sigaddset(&set, end_signals[i]);
	sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Signals that we caught go back to default by exec itself; ignored ones would stay ignored, and
 * only SIGPIPE is ignored by us (SIGHUP under nohup must stay so). */
void signals_reset(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < N_END_SIGNALS; i++) {
		struct sigaction old;

		if (sigaction(end_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			signal(end_signals[i], SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
