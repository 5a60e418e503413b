/*
 * gateway/policy.h - who may connect, and who gets a descriptor instead of a relay. Pure
 * functions: each rule is a line in a test.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_POLICY_H
#define GATEWAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum pass_fds { PASS_FDS_NEVER, PASS_FDS_AUTO, PASS_FDS_ALWAYS };

/* How a descriptor's way out of the sandbox is shut. Each is tried at start, never assumed. */
enum proof { PROOF_AF_UNIX, PROOF_TLS_ULP, PROOF_CGROUP_BPF, PROOF_N };
struct proof_result {
	bool holds;
	/* when it does not: "setsockopt(TCP_ULP): No such file or directory" */
	char why[160];
};

enum passed_kind { PASSED_TCP, PASSED_UNIX_SERVER, PASSED_SSH, PASSED_GATEWAY };

/* what the client accepts (WANT modes=) */
struct handing_wish {
	bool allow_fd, allow_relay;
};
enum handing { HANDING_RELAY, HANDING_FD, HANDING_REFUSE };

/* *reason: one word for logs and --status ("mode-never", "not-proved", "peer-is-root", ...). */
enum handing policy_handing(enum pass_fds mode, const struct proof_result proofs[PROOF_N],
			    enum passed_kind kind, uid_t peer_uid, struct handing_wish wish,
			    const char **reason);

struct admission {			/* all empty: everybody */
	uid_t *uids;
	size_t n_uids;
	gid_t *gids;
	size_t n_gids;
};
/* in_group answers whether the peer is in a group. The overflow uid never matches an entry. */
bool policy_admits(const struct admission *admission, uid_t uid, uid_t overflow_uid,
		   bool (*in_group)(void *context, gid_t gid), void *context);

#endif
