/* net/gateway.h - the client's side of a lease: asking distcc-gateway for a place to compile. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_GATEWAY_H
#define NET_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/lease.h"

struct lease_wish {
	/* "compile"; "cpp", "local", "link", "served": a place on this machine */
	const char *kind;
	const char *compiler, *source, *build;	/* for scheduling and display; may be NULL */
	/* how an object must begin: as in doc/protocol-gateway.txt; may be NULL */
	const char *object;
	const char *session;		/* tells builds apart that have no label; may be NULL */
	int nice;			/* 0..19 */
	bool allow_fd, allow_relay, allow_local;
	int protocol_min, protocol_max;	/* 1..2, or 2..2 for ",lzo" */
	const char *use;		/* "A+B" or NULL */
};

enum lease_mode { LEASE_RELAY, LEASE_FD, LEASE_LOCAL };

struct lease {
	int fd;				/* the connection; closing it ends the lease, whatever its state */
	uint64_t id;
	char server[256];		/* label for logs */
	enum lease_mode mode;
	int protocol;
	int job_fd;			/* fd mode: the passed, connected socket; relay: -1 */
	int silence_ms;			/* after so long without a message the gateway counts as dead */
	int patient_ms;			/* silence_ms from the first WAIT on; 0: as before */
	/* whom it is for: if that peer goes away, waiting ends with ERR_IO; or -1 */
	int watch_fd;
	struct buf in;			/* received, not yet decoded */
	int protocol_min, protocol_max;	/* what a grant may say */
};
#define LEASE_INIT { -1, 0, "", LEASE_RELAY, 1, -1, LEASE_SILENCE_MS, 0, -1, BUF_INIT, 1, 3 }
void lease_close(struct lease *lease);
#define autolease_conn __attribute__((cleanup(lease_close))) struct lease

/* Connects to the socket at path and sends GATE and WANT: takes a place in the queue. ERR_CONNECT: one
 * sentence that names the socket, the cause and the remedy (missing, refused, too long, no permission). */
int lease_ask(struct lease *lease, const char *path, const struct lease_wish *wish, struct err *err);

/* Says that size bytes are ready and waits for the grant; each WAIT starts the silence limit anew.
 * ERR_NO_HOSTS when denied (the sentence has the gateway's reason), ERR_CONNECT when it went away,
 * ERR_TIMEOUT when it is silent. */
int lease_ready(struct lease *lease, uint64_t size, struct err *err);

/* fd mode: how the job went. After "transport-failed" call lease_await for the next grant. */
int lease_result(struct lease *lease, const char *result, uint64_t sent, uint64_t received, int64_t ms,
		 struct err *err);
int lease_await(struct lease *lease, struct err *err);

/* relay mode, when a reply is due: skips WAIT messages. 1: the next byte belongs to the distcc
 * reply (lease->in may hold its beginning); -1: ERR_NO_HOSTS on DENY, or as lease_ready. */
int lease_await_reply(struct lease *lease, struct err *err);

/* One question (SHOW) of doc/protocol-gateway.txt, the whole answer in *text. NULL and 0 are left out. */
struct gateway_question {
	const char *what, *format, *build;
	uint64_t since;
};
int gateway_ask(const char *path, const struct gateway_question *question, struct deadline deadline,
		struct buf *text,
		struct err *err);

/* Says that something was run locally, and why (a word of wire/reason.h). Never waits: a gateway that
 * is busy or gone just does not hear of it. */
struct gateway_note {
	const char *reason, *source, *build;
	int64_t ms;
};
void gateway_note_local(const char *path, const struct gateway_note *note);

#endif
