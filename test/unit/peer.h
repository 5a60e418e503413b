/* test/unit/peer.h - a peer that plays a script: for each step it must read the bytes, then it answers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PEER_H
#define PEER_H

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/sock.h"
#include "test/unit/captured.h"

enum { PEER_MS = 20000 };

struct step {
	struct bytes heard, said;
};

struct peer {
	pid_t pid;
};

/* Listens at path, and serves one connection in a child that closes after the last step. */
static inline struct peer peer_start(const char *path, const struct step *steps, size_t n_steps)
{
	struct peer peer;
	struct err err = ERR_INIT;
	int listener = -1;

	assert_ok(sock_listen_unix(path, 0600, (gid_t)-1, &listener, &err));
	peer.pid = fork();
	if (peer.pid == 0) {
		int fd;

		proc_die_with_parent(SIGKILL, getppid());
		if (fd_wait(listener, POLLIN, deadline_after_ms(PEER_MS)) <= 0 || (fd = accept(listener, NULL, NULL)) < 0)
			_exit(2);
		for (size_t i = 0; i < n_steps; i++) {
			char in[4096];

			if (fd_read_full(fd, in, steps[i].heard.len, PEER_MS, NULL) < 0 || memcmp(in, steps[i].heard.data, steps[i].heard.len) != 0)
				_exit(3 + (int)i);
			if (fd_write_full(fd, steps[i].said.data, steps[i].said.len, PEER_MS, NULL) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(listener);
	return peer;
}

/* Did it hear all that its script said, and nothing else? */
static inline void peer_end(struct peer peer)
{
	int status;

	assert_int_equal(waitpid(peer.pid, &status, 0), peer.pid);
	assert_int_equal(status, 0);
}

#endif
