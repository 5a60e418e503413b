/*
 * gateway/helper.h - the small privileged parent and what the loop may ask of it.
 *
 * The parent (root, or whoever started the gateway) starts ssh, resolves names and reads the host
 * file. The loop (--user, sockets only) holds the other end of a SOCK_SEQPACKET pair and sends
 * fixed structs that carry no byte of any client: an operation, a serial number, and the index of
 * a server in the host list of a generation that the parent itself has read. When either dies the
 * other sees EOF and ends.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_HELPER_H
#define GATEWAY_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/sock.h"
#include "gateway/guard.h"
#include "gateway/listen.h"
#include "gateway/options.h"
#include "gateway/policy.h"
#include "gateway/startup.h"
#include "gateway/succession.h"

enum helper_operation {
	HELPER_LOAD_HOSTS = 1,	/* answer: fd of a memfd with the file's text; generation counts up */
	HELPER_RESOLVE,		/* answer: addresses of server `index` of `generation` (TCP) */
	/* answer: fd of a socket whose other end is the ssh command of server `index` */
	HELPER_SSH,
	/* answer: fd of the trunk (trunk.h) to the loop of the gateway that is replaced */
	HELPER_TAKE_OVER,
	/* only an answer, and unasked: fd of the trunk to the loop that replaces ours */
	HELPER_RETIRE,
	HELPER_READY,		/* no answer: the loop serves, with `index` servers */
	/* no answer: no server that is not in the list of `generation` has a job any more */
	HELPER_TRIM,
	HELPER_SECURE		/* comes with the fd of a connection that is to be passed on: attaches the filter
				 * (handoff.h), where the kernel lets only the privileged do that */
};

enum { HELPER_ADDRS_MAX = 8, HELPER_TEXT_MAX = 256 };

struct helper_request {
	uint32_t operation;
	uint32_t serial;		/* comes back in the answer */
	uint32_t generation;
	uint32_t index;
};

struct helper_answer {
	uint32_t operation;
	uint32_t serial;
	uint32_t generation;		/* LOAD_HOSTS: the new one */
	uint32_t index;
	int32_t ok;			/* 0: failed, text says why */
	uint32_t n_addrs;
	struct sock_addr addrs[HELPER_ADDRS_MAX];
	char text[HELPER_TEXT_MAX];	/* failure sentence, or the file's name */
};

struct helper_setup {
	const struct options *options;
	int loop_fd;			/* the other end of the loop's helper_fd */
	pid_t loop_pid;
	int control_fd;			/* listening (control.h), or -1; taken over */
	struct guard *guard;		/* or NULL */
	const struct proof_result *proofs;
	struct listeners *listeners;	/* of the loop; a successor gets them */
	int *http_fd;			/* of the loop, or -1; a successor gets it */
	const char *http_place;		/* by this name */
	struct succession *succession;	/* with the gateway that is to be replaced */
	struct startup *startup;
	/* once: the loop does, and a predecessor does no more */
	void (*on_serving)(const struct helper_setup *setup);
	bool has_control;		/* our own control socket stands in its place */
	bool has_replaced;		/* result: the gateway that was to be replaced has retired */
	bool retired;			/* result: the sockets are a successor's now */
};

/*
 * The parent's life after the loop was forked: serves requests until the loop ends. A name is
 * resolved in a short-lived child, so one slow answer holds nobody else up. SIGTERM, SIGINT: tells
 * the loop and ends within a second. After SIGHUP, and when an administrator changed the list, the
 * loop gets an unasked LOAD_HOSTS answer (serial 0). Returns the loop's exit status.
 */
int helper_run(struct helper_setup *setup);

#endif
