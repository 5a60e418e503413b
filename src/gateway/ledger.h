/*
 * gateway/ledger.h - a peer's job as the feed and the log have it. The log has one line for each job,
 * of key=value words:
 *
 *   job=17 outcome=done way=relay build=- uid=1000 compiler=gcc source=hello.c server=h:3632
 *   from=10.0.0.1:40872 attempts=1 sent=8131 received=2290 wait_ms=0 ms=48 reason=-
 *
 * job is the number that the client's own line ("result: ... job=17") and every view have; from is
 * our end of the connection, which the server's line names as its client.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_LEDGER_H
#define GATEWAY_LEDGER_H

#include "base/sock.h"
#include "gateway/relay.h"

/* The job is relay->seen; texts may be NULL. */
void ledger_wanted(struct relay *relay, const struct sock_cred *cred, const struct job *job,
		   const char *build);
void ledger_queued(struct relay *relay);
/* server: its label, or "localhost". */
void ledger_granted(struct relay *relay, const char *server);
/* reason: one word; why: a sentence. */
void ledger_replayed(struct relay *relay, const char *reason, const char *why);
/* Harmless when there is no job, or it has ended. */
void ledger_ended(struct relay *relay, enum feed_kind kind, const char *reason);

#endif
