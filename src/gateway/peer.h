/*
 * gateway/peer.h - one local client, from accept() to close: its state, and what every dialect does
 * with it. reception.c reads from it, dialect-*.c understand it, turn.c gives its job a server.
 *
 *   GREETING -+-GATE-> ASKING --WANT--> WANTED --REDY--> QUEUED --grant--> REQUEST -> WORKING -> ANSWER -> closed
 *             |                                            |  ^              (relay)     |
 *             |                                            |  +------- fault ------------+
 *             |                                            +--grant--> HANDING -> HANDED --RSLT--> closed
 *             +-DIST-> HEAD --DOTI seen--> QUEUED ...      |  (fd)                  |
 *             +-05---> SOCKS --CONNECT---> HEAD            |    QUEUED <-- RSLT transport-failed
 *                                                          +--grant--> HERE --RSLT--> closed
 *                                                             (local)
 *
 * From QUEUED on a peer may hold a slot (through its relay). peer_close() is the only way out of any
 * state and gives back whatever is held; the peer is freed after the running callback returned.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PEER_H
#define GATEWAY_PEER_H

#include "base/sock.h"
#include "base/str.h"
#include "gateway/relay.h"
#include "gateway/state.h"

enum {					/* seconds */
	GREETING_S = 10,
	ASKING_S = 10,
	WANTED_S = 600,			/* the client's preprocessor runs */
	HEAD_S = 30,			/* all words of a raw request */
	HEAD_PAUSE_S = 300,		/* then its preprocessor may run */
	FIRST_S = 10,			/* from a grant to the first bytes of its request */
	PROGRESS_S = 30,		/* in which at least PROGRESS_BYTES move, or the rest */
	HANDED_S = 10			/* a passed connection on which nothing is sent is taken back */
};

enum peer_state {
	PEER_GREETING, PEER_ASKING, PEER_WANTED, PEER_SOCKS, PEER_HEAD, PEER_QUEUED, PEER_REQUEST, PEER_WORKING,
	PEER_ANSWER, PEER_HANDING, PEER_HANDED, PEER_HERE, PEER_CLOSING, PEER_CLOSED
};

enum dialect { DIALECT_NONE, DIALECT_LEASE, DIALECT_RAW, DIALECT_SOCKS };

struct peer {
	struct gateway *gateway;
	int fd;
	struct sock_cred cred;
	uint64_t kept;			/* bytes of its request, which count against its user */
	bool is_over_quota;		/* its user has enough of us: it is told, and closed */
	enum peer_state state;
	enum dialect dialect;
	struct buf in;			/* received, not yet understood */
	/* lease dialect: all messages up to the grant, for a successor's ears */
	struct buf said;
	bool looped;			/* some gateway of the list has had the job already */
	/* protocol of the relay that a predecessor of ours has granted, or 0 */
	int told;
	bool told_here;			/* a predecessor has given it `place` */
	int64_t waited_ms;		/* in a predecessor's queue */
	struct buf out;			/* messages that wait for room; goes before the answer */
	struct event *readable, *writable, *gone, *timer, *waiting;
	bool reading;
	bool asks;			/* counted in askers */
	int timer_s;			/* what the timer was last set to */
	uint64_t moved, moved_at_timer;	/* bytes of request and answer, for the progress deadline */
	struct job job;
	struct feed_job seen;		/* the job as everybody is shown it */
	struct relay relay;
	bool holds_place;		/* on this machine: `place` of the schedule */
	enum place place;
	uint64_t lease;
	int protocol;
	uint64_t answered;		/* bytes of the answer that were sent */
	int64_t granted_at_ms;
	struct peer *next, *prev;
};

/* A connected socket, taken over; reading, timer and gone are for the caller to add. */
struct peer *peer_new(struct gateway *gateway, int fd);
/* The only way out of any state: gives back whatever is held. Freed after the running callback. */
void peer_close(struct peer *peer);
/* Closes all and frees them: the gateway ends. */
void peers_close(struct gateway *gateway);
/* Frees those that were closed while their own callbacks ran. */
void peers_reap(struct gateway *gateway);

/* A line in the log about what it does wrong, "peer uid N pid N: ...", unless there were so many about its user. */
void peer_complain(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* It does not keep to the protocol: said once, then closed. */
void peer_offend(struct peer *peer, const char *what);
/* A DENY where the dialect has one, then closed. reason: a word of protocol-gateway.txt. */
void peer_deny(struct peer *peer, const char *reason, const char *text);

/* Progress is counted from here on. */
void peer_set_timer(struct peer *peer, int seconds);
void peer_set_reading(struct peer *peer, bool on);
/* While a lease client has nothing else to hear, it hears that we live. */
void peer_set_waiting(struct peer *peer, bool on);

/* Its user pays with turns for a slot that was held while nothing but the client's bytes was missing. */
void peer_charge_for_waiting(struct peer *peer);

/* Sends what waits in out, then the answer; goes on when there is room. May close. */
void peer_flush(struct peer *peer);
/* Says what is in out and closes when it has been sent. */
void peer_close_after_messages(struct peer *peer);

#endif
