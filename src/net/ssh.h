/* net/ssh.h - a distccd at the other end of an ssh-like command. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SSH_H
#define NET_SSH_H

#include "base/argv.h"
#include "base/err.h"
#include "hosts/spec.h"
#include "net/stream.h"

/* SSH_WORDS: the value of DISTCC_SSH, split at blanks (NULL: "ssh"). */
void ssh_words(struct argv *out, const char *words);
/* [-l USER] HOST */
void ssh_destination(struct argv *out, const struct host_spec *host);
/* COMMAND --inetd --enable-tcp-insecure */
void ssh_server(struct argv *out, const struct host_spec *host);
/* All of it: what a client runs for one job. With ",forward": SSH_WORDS -W localhost:PORT [-l USER] HOST.
 * ERR_HOSTSPEC for ",forward=/PATH", which needs a gateway. */
int ssh_command(struct argv *out, const struct host_spec *host, const char *words, struct err *err);

enum { SSH_FORWARD_PORT = 3632 };

/* Runs it on one AF_UNIX socket pair for both directions. stderr is inherited unless >= 0. */
int ssh_start(const struct host_spec *host, const char *words, int stderr_fd, struct stream *stream,
	      struct err *err);

#endif
