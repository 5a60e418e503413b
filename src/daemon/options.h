/* daemon/options.h - the command line of distccd. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/access.h"
#include "daemon/admission.h"
#include "daemon/confine.h"

enum daemon_mode { MODE_AUTO, MODE_STANDALONE, MODE_INETD };

struct options {
	enum { DAEMON_SERVE, DAEMON_HELP, DAEMON_VERSION, DAEMON_LIST_COMPILERS,
	       DAEMON_SHOW_PRINCIPAL } action;
	bool list_as_json;
	enum daemon_mode mode;
	bool no_detach, no_fork;
	int jobs;			/* workers */
	int queue;			/* connections that may wait for one */
	int min_memory_mib;		/* with less free, no job is begun; 0: never mind */
	bool stats;
	int stats_port;
	char *sysroot;			/* where -specs= files must exist, or NULL */
	bool zeroconf;
	int oom_score;			/* INT_MIN: leave */
	int port;
	char **listen;			/* addresses and "unix:/path"; none: every IPv4 address */
	size_t n_listen;
	mode_t socket_mode;		/* of unix sockets */
	gid_t socket_gid;		/* (gid_t)-1: leave */
	struct access access;
	bool allow_private;
	struct admission admission;
	int job_lifetime_s, lifetime_s;	/* 0: none */
	int io_idle_ms;			/* DISTCC_IO_TIMEOUT: without a byte for so long a client is gone */
	int nice;
	char *user;
	char *pid_file, *log_file;
	bool log_stderr;
	enum log_level log_level;
	enum confine_mode sandbox;
	int job_memory_mib;		/* 0: what the machine has */
	struct argv tools;		/* what wrappers and the prefix program may read and run besides */
	struct argv caches;		/* directories that the prefix program may write */
	struct argv sockets;		/* "unix:/PATH", "HOST:PORT": what it may connect to */
	/* this program's file, through which it starts compilers; NULL without a prefix */
	char *inner_program;
	bool no_view;			/* version 3: map paths, whatever the kernel offers */
	char *gateway;			/* path of the socket that each job asks for a place, or NULL */
	char *prefix;			/* a program that runs the compiler, or NULL */
	bool insecure;			/* --enable-tcp-insecure: no compiler allow-list */
};

int options_parse(struct options *options, int argc, const char **argv, struct err *err);
void options_release(struct options *options);
void options_print_help(void);
/* All long names, for tests. */
const char *const *options_names(size_t *n);

#endif
