/* gateway/resolve.h - names of servers, each resolved in a process of its own. Of the parent. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_RESOLVE_H
#define GATEWAY_RESOLVE_H

#include <stddef.h>

#include "base/err.h"
#include "base/sock.h"
#include "hosts/spec.h"

/* Called in that process: the addresses, or none and why. */
typedef void resolve_answer_fn(void *context, const struct sock_addr *addrs, size_t n_addrs, const char *why);

/* The process lives for RESOLVE_S at most, then there is no answer: one slow name server holds nobody up. */
int resolve_start(const struct host_spec *spec, resolve_answer_fn *on_answer, void *context, struct err *err);

#endif
