/* daemon/options.h - the command line of distccd. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/access.h"

enum daemon_mode { MODE_AUTO, MODE_STANDALONE, MODE_INETD };

struct options {
	enum { DAEMON_SERVE, DAEMON_HELP, DAEMON_VERSION } action;
	enum daemon_mode mode;
	bool no_detach, no_fork;
	int jobs;			/* workers; 0: processors + 2 */
	int port;
	char **listen;			/* addresses and "unix:/path"; none: every IPv4 address */
	size_t n_listen;
	mode_t socket_mode;		/* of unix sockets */
	gid_t socket_gid;		/* (gid_t)-1: leave */
	struct access access;
	bool allow_private;
	int job_lifetime_s, lifetime_s;	/* 0: none */
	int io_idle_ms;			/* DISTCC_IO_TIMEOUT: without a byte for so long a client is gone */
	int nice;
	char *user;
	char *pid_file, *log_file;
	bool log_stderr;
	enum log_level log_level;
	bool insecure;			/* --enable-tcp-insecure: no compiler allow-list */
};

int options_parse(struct options *options, int argc, const char **argv, struct err *err);
void options_release(struct options *options);
void options_print_help(void);

#endif
