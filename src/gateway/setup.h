/* gateway/setup.h - what the loop process is given before it drops its privileges. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SETUP_H
#define GATEWAY_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/listen.h"
#include "gateway/options.h"
#include "gateway/policy.h"
#include "gateway/subuid.h"
#include "gateway/startup.h"

struct gateway_setup {
	const struct options *options;
	struct listeners listeners;
	struct startup *startup;
	/* another gateway, whose place the parent asks for when we are ready */
	bool replaces;
	int http_fd;				/* listens, or -1 */
	int guard_fd;				/* guard_line(), or -1: no sockets are made there */
	int helper_fd;				/* SEQPACKET to the parent */
	struct subuids subuids;
	unsigned user_connections_max;
	uint64_t user_bytes_max;	/* of requests that are kept */
	int spool_dir_fd;			/* for O_TMPFILE: requests and replies too big for memory */
	struct proof_result proofs[PROOF_N];
};

#endif
