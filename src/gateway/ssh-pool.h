/*
 * gateway/ssh-pool.h - ways to servers behind ssh, without a login for each job. Of the parent.
 *
 * Per host there are masters: ssh processes that are logged in and stay (ControlMaster, in a
 * directory of their own that nobody else can look into). A job gets a session on one of them, or
 * with ",forward" a channel to a distccd that listens there. sshd refuses more than 10 sessions on a
 * connection and drops logins that come many at once, so further masters are started as they are
 * needed, one after the other. Whatever fails fails within START_S, with the cause in ssh's words.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SSH_POOL_H
#define GATEWAY_SSH_POOL_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "hosts/list.h"

struct ssh_pool;

/* words: of DISTCC_SSH, or NULL. */
struct ssh_pool *ssh_pool_new(struct event_base *base, const char *words);
/* Ends all of them. */
void ssh_pool_free(struct ssh_pool *pool);

/* fd: a socket whose other end is the server, closed after the call; or -1, and why. */
typedef void ssh_answer_fn(void *context, int fd, const char *why);
/* Asks for one; the answer comes once, perhaps before this returns. */
void ssh_pool_ask(struct ssh_pool *pool, const struct host_spec *spec, ssh_answer_fn *on_answer,
		  void *context);

/* Logs out of the hosts that are not in the list; they have no jobs any more. */
void ssh_pool_trim(struct ssh_pool *pool, const struct host_list *list);

/* A child of this process has ended: was it the pool's? */
bool ssh_pool_reaped(struct ssh_pool *pool, pid_t pid, int status);

#endif
