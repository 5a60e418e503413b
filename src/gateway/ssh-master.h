/* gateway/ssh-master.h - one ssh connection that stays, and what runs on it. Of the parent. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SSH_MASTER_H
#define GATEWAY_SSH_MASTER_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/proc.h"
#include "hosts/spec.h"

enum {
	SSH_START_S = 15,		/* for a login; then it is killed */
	/* Two fewer than sshd's MaxSessions: a session that has ended here is still open there for a moment. */
	SSH_SESSIONS_MAX = 8,
	SSH_LINGER_MS = 2000		/* a session that nobody listens to any more is killed after that */
};

struct ssh_master {
	struct host_spec spec;
	struct proc child;
	bool ready;			/* logged in */
	char *control_path;		/* where sessions are asked for */
	char *forward_path;		/* ",forward": a connection to it is one to the server; else NULL */
	unsigned n_sessions;
	struct event *deadline;		/* of its start */
	struct ssh_master *next;
};

/* Starts to log in. Ready when a file appears at control_path. stem: of its files' names. */
struct ssh_master *ssh_master_start(const struct host_spec *spec, const char *words,
				    const char *stem, int stderr_fd,
				    struct err *err);
/* Kills it, if it has not ended, and removes its files. */
void ssh_master_free(struct ssh_master *master);

/* A connection through a ready ",forward" master. */
int ssh_master_connect(const struct ssh_master *master, int *fd, struct err *err);
/* A process on a ready master that carries one job: *fd is our end of it, *their_fd a duplicate of its own. */
int ssh_master_open_session(const struct ssh_master *master, const char *words, int stderr_fd,
			    struct proc *child, int *fd,
			    int *their_fd, struct err *err);

#endif
