/*
 * gateway/policy.c - see policy.h.
 *
 *   --pass-fds   server              peer     proof                       result
 *   never        any                 any      -                           relay
 *   any          another gateway     any      -                           relay
 *   always       tcp, ssh, unix      any      -                           fd
 *   auto         ssh, unix           any      af-unix                     fd
 *   auto         tcp                 uid 0    -                           relay
 *   auto         tcp                 others   tls-ulp or cgroup-bpf       fd
 *   auto         anything else                                            relay
 *
 * A client that does not take what results is relayed if it takes that, else refused.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/policy.h"

static bool may_pass(enum pass_fds mode, const struct proof_result proofs[PROOF_N],
		     enum passed_kind kind, uid_t peer_uid,
		     const char **reason)
{
	if (mode == PASS_FDS_NEVER) {
		*reason = "mode-never";
		return false;
	}
	if (kind == PASSED_GATEWAY) {
		*reason = "server-is-a-gateway";	/* it would see our credentials */
		return false;
	}
	if (mode == PASS_FDS_ALWAYS) {
		*reason = "mode-always";
		return true;
	}
	if (kind == PASSED_UNIX_SERVER || kind == PASSED_SSH) {
		*reason = proofs[PROOF_AF_UNIX].holds ? "proved-af-unix" : "not-proved";
		return proofs[PROOF_AF_UNIX].holds;
	}
	if (peer_uid == 0) {
		*reason = "peer-is-root";		/* it gets our network namespace from any socket */
		return false;
	}
	if (proofs[PROOF_TLS_ULP].holds || proofs[PROOF_CGROUP_BPF].holds) {
		*reason = proofs[PROOF_TLS_ULP].holds ? "proved-tls-ulp" : "proved-cgroup-bpf";
		return true;
	}
	*reason = "not-proved";
	return false;
}

enum handing policy_handing(enum pass_fds mode, const struct proof_result proofs[PROOF_N],
			    enum passed_kind kind, uid_t peer_uid, struct handing_wish wish,
			    const char **reason)
{
	bool pass = may_pass(mode, proofs, kind, peer_uid, reason);

	if (pass && wish.allow_fd)
		return HANDING_FD;
	if (!wish.allow_relay)
		return HANDING_REFUSE;
	if (pass)
		*reason = "client-wants-relay";
	return HANDING_RELAY;
}

bool policy_admits(const struct admission *admission, uid_t uid, uid_t overflow_uid,
		   bool (*in_group)(void *context, gid_t gid), void *context)
{
	if (!admission->n_uids && !admission->n_gids)
		return true;
	/* It stands for everybody whom our user namespace does not know, so it can be nobody's. */
	if (uid != overflow_uid)
		for (size_t i = 0; i < admission->n_uids; i++)
			if (admission->uids[i] == uid)
				return true;
	for (size_t i = 0; i < admission->n_gids; i++)
		if (in_group(context, admission->gids[i]))
			return true;
	return false;
}
