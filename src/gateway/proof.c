/*
 * gateway/proof.c - see proof.h.
 *
 * What is tried is what the holder of a passed descriptor would try: to disconnect it, to connect it
 * to somebody else, to listen on it; also after the peer has reset the connection.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/proof.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sock.h"
#include "base/str.h"
#include "gateway/guard-proof.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

enum { TRY_MS = 1000 };

static void fails(struct proof_result *result, const char *what)
{
	int saved = errno;

	result->holds = false;
	if (saved)
		snprintf(result->why, sizeof(result->why), "%s: %s", what, strerror(saved));
	else
		snprintf(result->why, sizeof(result->why), "%s", what);
}

/* True when each way out is refused; else result says which was open. */
static bool escapes_are_shut(int fd, const struct sock_addr *elsewhere, struct proof_result *result)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	errno = 0;
	if (listen(fd, 1) == 0)
		fails(result, "listen() is possible");
	else if (elsewhere && connect(fd, (const struct sockaddr *)&elsewhere->storage, elsewhere->len) == 0)
		fails(result, "connect() to another address is possible");
	else if (connect(fd, &nowhere, sizeof(nowhere)) == 0)
		fails(result, "connect(AF_UNSPEC) is possible");
	else
		return true;
	return false;
}

/* A connected pair of sockets over loopback, and where the far one listened. */
static int connect_loopback(int *ours, int *theirs, int *listener, struct sock_addr *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&addr->storage;

	memset(addr, 0, sizeof(*addr));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr->len = sizeof(*in);
	*listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener < 0 || bind(*listener, (struct sockaddr *)in, addr->len) < 0 ||
	    listen(*listener, 4) < 0 ||
	    getsockname(*listener, (struct sockaddr *)in, &addr->len) < 0)
		return -1;
	if (sock_connect(addr, deadline_after_ms(TRY_MS), ours, NULL) < 0 ||
	    fd_wait(*listener, POLLIN, deadline_after_ms(TRY_MS)) <= 0)
		return -1;
	*theirs = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);
	return *theirs < 0 ? -1 : 0;
}

static void try_af_unix(struct proof_result *result)
{
	autoclose int ours = -1, theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		fails(result, "socketpair");
		return;
	}
	ours = pair[0];
	theirs = pair[1];
	if (!escapes_are_shut(ours, NULL, result))
		return;
	fd_close(&theirs);
	if (!escapes_are_shut(ours, NULL, result))
		return;
	*result = (struct proof_result){ .holds = true };
}

static bool data_flows(int from, int to)
{
	char byte = 0;

	return write(from, "x", 1) == 1 && fd_wait(to, POLLIN, deadline_after_ms(TRY_MS)) > 0 &&
	       read(to, &byte, 1) == 1 && byte == 'x';
}

static void try_tls_ulp(struct proof_result *result)
{
	autoclose int ours = -1, theirs = -1, listener = -1, other_ours = -1, other_theirs = -1,
		      other_listener = -1;
	struct sock_addr addr, elsewhere;
	struct linger reset = { 1, 0 };

	if (connect_loopback(&ours, &theirs, &listener, &addr) < 0 ||
	    connect_loopback(&other_ours, &other_theirs, &other_listener, &elsewhere) < 0) {
		fails(result, "no loopback connection");
		return;
	}
	if (setsockopt(ours, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) < 0) {
		fails(result, "setsockopt(TCP_ULP)");
		return;
	}
	errno = 0;
	if (!escapes_are_shut(ours, &elsewhere, result))
		return;
	if (!data_flows(ours, theirs) || !data_flows(theirs, ours)) {
		fails(result, "no data flows with it");
		return;
	}
	/* A connection that was reset is the other state from which one could start anew. */
	setsockopt(theirs, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	fd_close(&theirs);
	fd_wait(ours, POLLIN, deadline_after_ms(TRY_MS));
	if (!escapes_are_shut(ours, &elsewhere, result))
		return;
	*result = (struct proof_result){ .holds = true };
}

void proofs_try(struct proof_result results[PROOF_N], const struct guard *guard, const char *why_no_guard)
{
	struct proof_result *bpf = &results[PROOF_CGROUP_BPF];
	struct err err = ERR_INIT;

	memset(results, 0, sizeof(*results) * PROOF_N);
	try_af_unix(&results[PROOF_AF_UNIX]);
	try_tls_ulp(&results[PROOF_TLS_ULP]);
	bpf->holds = guard && guard_prove(guard, &err) == 0;
	if (!bpf->holds)
		str_copy(bpf->why, sizeof(bpf->why), guard ? err.text : why_no_guard);
}
