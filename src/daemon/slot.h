/*
 * daemon/slot.h - one of the --jobs compiles that a server does at once.
 *
 * A worker asks for it when its request is whole, and gives it back when the compiler has ended: a client that
 * is slow to send its request, or to take its answer, holds up nobody's compile but its own.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_SLOT_H
#define DAEMON_SLOT_H

#include "base/err.h"

/* What a worker says to its parent, one packet each, besides a struct job_outcome; and the parent's answer. */
enum { SLOT_WANTED = 'w', SLOT_DONE = 'd', SLOT_YOURS = 'g' };

/* Waits as long as the client at client_fd does. ERR_IO: it went away. channel -1: there is nobody to ask. */
int slot_take(int channel, int client_fd, struct err *err);
void slot_give(int channel);

#endif
