/* gateway/larder.h - the loop's store of guarded sockets (guard.h): one is there when it is needed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_LARDER_H
#define GATEWAY_LARDER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct larder;

/* line_fd (guard_line()) stays the caller's. */
struct larder *larder_open(struct event_base *base, int line_fd);
void larder_close(struct larder *larder);

/* Is there enough for a job whose server has so many addresses? False for NULL, too. */
bool larder_has(struct larder *larder, size_t n_addrs);
/* A socket of this family, yours; -1 when there is none, which a moment later there will be. */
int larder_take(struct larder *larder, int family);

#endif
