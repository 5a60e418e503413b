/* gateway/breaker.h - when a server that failed is tried again. Pure: time comes from the caller. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_BREAKER_H
#define GATEWAY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 *   CLOSED --failure--> OPEN --time passed--> HALF_OPEN --success--> CLOSED
 *                        ^                        |
 *                        +--------failure---------+     HALF_OPEN lets one job through, the probe
 */
enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	unsigned failures;		/* in a row */
	int64_t open_until_ms;		/* meaningful while failures > 0 */
	bool probing;			/* the one job of HALF_OPEN is on its way */
};

/* The longest pause is short because a probe is cheap, and a server that is back is wanted within 5 s. */
enum { BREAKER_FIRST_MS = 1000, BREAKER_MAX_MS = 3000 };

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms);
/* May a job start now? */
bool breaker_lets_through(const struct breaker *breaker, int64_t now_ms);
/* A job starts: is it the probe? */
bool breaker_on_start(struct breaker *breaker, int64_t now_ms);
void breaker_on_success(struct breaker *breaker);
/* As another gateway on this machine has left it, in this order; nothing where we have seen a failure ourselves. */
void breaker_told_pause(struct breaker *breaker, int64_t open_until_ms, int64_t now_ms);
void breaker_told_failures(struct breaker *breaker, unsigned failures);
/* noise: any number; it spreads the retries of several gateways by a quarter either way. */
void breaker_on_failure(struct breaker *breaker, int64_t now_ms, uint32_t noise);
/* The probe ended without saying anything about the server (the client went away). */
void breaker_on_nothing(struct breaker *breaker);

#endif
