/*
 * gateway/trunk.h - the line between the loop of a gateway that is replaced and the loop of the one
 * that replaces it: a SOCK_SEQPACKET pair, one way, packets in order.
 *
 *   HOLDS "server\tjobs\n"...      slots that the old one still uses; any number
 *   BEGIN "last-id last-seq"       the old one accepts nobody any more, and its numbers end there
 *   COUNTS lines                   what has happened since the last ones (tally.h); before PEER whose
 *                                  job is in it
 *   FREED "server"                 one of those slots is free
 *   PEER [fd] SAID... OUT... (REQUEST... | FILE [fd]) ADOPT      one client, handed over
 *   READER [fd] bytes              one who reads the page, and what it has said
 *
 * The end of the line frees all slots that are still held: it comes from the kernel if need be.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_TRUNK_H
#define GATEWAY_TRUNK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trunk_kind {
	TRUNK_HOLDS = 1, TRUNK_BEGIN, TRUNK_FREED, TRUNK_PEER, TRUNK_SAID, TRUNK_OUT, TRUNK_REQUEST,
		TRUNK_FILE, TRUNK_ADOPT,
	TRUNK_COUNTS, TRUNK_READER
};

enum { TRUNK_TEXT_MAX = 32768 };

struct trunk_packet {
	uint32_t kind;
	uint32_t len;			/* of text */
	int32_t told;			/* PEER: protocol of the relay that it was granted, or 0 */
	int32_t place;			/* PEER: the place on this machine that it has, or -1 */
	int32_t is_raw;			/* PEER: a raw request; else the lease dialect, or nothing said yet */
	uint32_t counted;		/* PEER: steps of its job that are counted (feed.h) */
	uint64_t job;			/* PEER: its job's number, or 0 */
	int64_t waited_ms;		/* PEER: in the queue */
	char text[TRUNK_TEXT_MAX];	/* PEER: the server that it prefers, or empty */
};

/* ---- sending: a queue that is flushed when there is room */

struct trunk;

/* on_empty: everything is sent; the next may be put. on_broken: the other end has gone. */
struct trunk *trunk_open(struct event_base *base, int fd, void (*on_empty)(void *context),
			 void (*on_broken)(void *context),
			 void *context);
void trunk_close(struct trunk *trunk);

/* Puts a packet into the queue. fd is duplicated, or -1. Of text as many packets as it takes. */
void trunk_put(struct trunk *trunk, const struct trunk_packet *head, int fd);
void trunk_put_text(struct trunk *trunk, enum trunk_kind kind, const char *text, size_t len);
bool trunk_is_empty(const struct trunk *trunk);

/* ---- receiving */

/* 1 with a packet (text ends in NUL; *fd is yours, or -1), 0 when there is none now, -1 at the end. */
int trunk_recv(int trunk_fd, struct trunk_packet *packet, int *fd);

#endif
