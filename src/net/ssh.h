/* net/ssh.h - a distccd at the other end of an ssh-like command. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SSH_H
#define NET_SSH_H

#include "base/argv.h"
#include "base/err.h"
#include "hosts/spec.h"
#include "net/stream.h"

/* SSH_WORDS [-l USER] HOST COMMAND --inetd --enable-tcp-insecure; ssh_words is the value of
 * DISTCC_SSH, split at blanks (NULL: "ssh"). */
void ssh_command(struct argv *out, const struct host_spec *host, const char *ssh_words);

/* Starts it on one AF_UNIX socket pair for both directions. stderr is inherited unless >= 0. */
int ssh_start(const struct host_spec *host, const char *ssh_words, int stderr_fd, struct stream *stream,
	      struct err *err);

#endif
