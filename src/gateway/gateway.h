/* gateway/gateway.h - the loop process: one thread, one event loop, sockets only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stddef.h>

#include "base/err.h"
#include "gateway/options.h"
#include "gateway/policy.h"

struct gateway_setup {
	const struct options *options;
	const int *listen_fds;
	size_t n_listen_fds;
	int helper_fd;				/* SEQPACKET to the parent */
	int spool_dir_fd;			/* for O_TMPFILE: requests and replies too big for memory */
	struct proof_result proofs[PROOF_N];
	const char *hosts_name;			/* for messages */
};

/* Runs until SIGTERM/SIGINT or until the parent is gone; privileges are dropped already. */
int gateway_run(const struct gateway_setup *setup, struct err *err);

#endif
