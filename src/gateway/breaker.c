/* gateway/breaker.c - see breaker.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/breaker.h"

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms)
{
	if (!breaker->failures)
		return BREAKER_CLOSED;
	return now_ms < breaker->open_until_ms ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

bool breaker_lets_through(const struct breaker *breaker, int64_t now_ms)
{
	switch (breaker_state(breaker, now_ms)) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_HALF_OPEN:
		return !breaker->probing;
	case BREAKER_OPEN:
		break;
	}
	return false;
}

bool breaker_on_start(struct breaker *breaker, int64_t now_ms)
{
	if (breaker_state(breaker, now_ms) != BREAKER_HALF_OPEN)
		return false;
	breaker->probing = true;
	return true;
}

void breaker_on_success(struct breaker *breaker)
{
	*breaker = (struct breaker){ 0 };
}

void breaker_on_failure(struct breaker *breaker, int64_t now_ms, uint32_t noise)
{
	int64_t pause = BREAKER_MAX_MS;

	/* Jobs that were on their way when it opened add nothing new. */
	if (breaker_state(breaker, now_ms) == BREAKER_OPEN)
		return;
	if (breaker->failures < 2)
		pause = (int64_t)BREAKER_FIRST_MS << breaker->failures;
	breaker->failures++;
	breaker->probing = false;
	breaker->open_until_ms = now_ms + pause * 3 / 4 + (int64_t)(noise % 1000) * pause / 2000;
}

void breaker_on_nothing(struct breaker *breaker)
{
	breaker->probing = false;
}

void breaker_told_pause(struct breaker *breaker, int64_t open_until_ms, int64_t now_ms)
{
	if (!breaker->failures)
		breaker->open_until_ms = open_until_ms < now_ms + BREAKER_MAX_MS * 5 / 4 ? open_until_ms : now_ms;
}

void breaker_told_failures(struct breaker *breaker, unsigned failures)
{
	if (!breaker->failures)
		breaker->failures = failures;
}
