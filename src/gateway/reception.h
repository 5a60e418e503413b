/* gateway/reception.h - new peers: who may come in, which dialect they speak, what they send in time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_RECEPTION_H
#define GATEWAY_RECEPTION_H

#include "gateway/state.h"

/* Takes a connected socket over. */
void reception_open(struct gateway *gateway, int fd);

/* A client of the gateway that this one replaces, and what it has said and got there. */
struct adoption {
	int fd;
	int told;			/* protocol of the relay that it was granted there, or 0 */
	int place;			/* that it has there, or -1 */
	bool is_raw;
	uint64_t job;			/* its number there, or 0 */
	unsigned counted;		/* steps of its job that are counted there */
	int64_t waited_ms;		/* in the queue */
	uint64_t preferred;		/* id of a server, or 0 */
	struct buf said;		/* in the lease dialect, from the greeting on */
	struct buf out;			/* what it was to be told */
	struct buf request;		/* of distcc, as far as it came... */
	int file_fd;			/* ...or a file with it */
};
#define ADOPTION_INIT { -1, 0, -1, false, 0, 0, 0, 0, BUF_INIT, BUF_INIT, BUF_INIT, -1 }
void adoption_release(struct adoption *adoption);

/* As if the client had said it all here. Takes the socket over. */
void reception_adopt(struct gateway *gateway, struct adoption *adoption);

#endif
