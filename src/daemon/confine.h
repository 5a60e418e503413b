/* daemon/confine.h - what a compiler may do to this machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_CONFINE_H
#define DAEMON_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"
#include "daemon/inner.h"

enum confine_mode { CONFINE_AUTO, CONFINE_REQUIRE, CONFINE_OFF };

struct confine_wish {
	enum confine_mode mode;
	bool any_program;		/* no allow-list: whatever can be read may be run */
	char *const *tools;		/* further files and directories to read and execute */
	size_t n_tools;
	/* through which a prefix program starts compilers, or NULL: there is none */
	const char *inner_program;
	/* directories to write, for the prefix program or, without, for all */
	char *const *caches;
	size_t n_caches;
	char *const *sockets;		/* "unix:/PATH", "HOST:PORT": to connect to, for the prefix program */
	size_t n_sockets;
	int64_t memory_bytes;		/* 0: as much as the machine has */
	int cpu_s;			/* 0: 4 hours */
	int jobs;
};

struct confine {
	enum confine_mode mode;
	int rules_fd;			/* Landlock, or -1 */
	struct inner inner;		/* what is left of it for compilers, if a prefix program has more */
	struct argv paths;		/* what compilers of this server need to see, besides work_dir */
	struct buf filter;		/* empty: none */
	int64_t memory_bytes;
	int cpu_s, n_processes;
	/* "landlock 6, seccomp, no_new_privs, limits", for log and statistics */
	char layers[160];
	bool complete;
};
#define CONFINE_INIT { CONFINE_OFF, -1, INNER_INIT, ARGV_INIT, BUF_INIT, 0, 0, 0, "none", false }

/* Prepares all that can be prepared, for jobs below work_dir (NULL: only finds out what holds).
 * ERR_PRIVILEGES with CONFINE_REQUIRE when a layer is missing. */
int confine_make(struct confine *confine, const struct confine_wish *wish, const char *work_dir,
		 struct err *err);
void confine_release(struct confine *confine);

/* In a child before exec: only system calls. 0, or -1 and errno when a prepared layer failed. */
int confine_enter(const struct confine *confine);

#endif
