/* hosts/spec.h - one entry of a host list: who could do the work and how to reach it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTS_SPEC_H
#define HOSTS_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum host_kind { HOST_LOCAL, HOST_TCP, HOST_SSH, HOST_UNIX };

struct host_spec {
	enum host_kind kind;
	char *text;		/* the token as written, for logs and --show-hosts */
	char *name;		/* TCP, SSH: host name without brackets; LOCAL: "localhost"; UNIX: NULL */
	int port;		/* TCP */
	char *user;		/* SSH: NULL when the part before '@' was empty */
	char *command;		/* SSH: remote program, NULL for the default */
	char *path;		/* UNIX: socket path, at most 107 bytes, absolute */
	/* jobs at once; 4, localhost 2 unless given; 0: no client-side limit (UNIX) */
	int limit;
	bool has_limit;		/* written in the list */
	bool lzo, cpp, down;
	bool auth;
	char *auth_name;
	bool raw;		/* UNIX: no lease, distcc protocol from the first byte */
	bool want_fd;		/* UNIX: ",fd" */
	bool want_relay;	/* UNIX: ",relay" */
	char *use;		/* UNIX: "A+B" of ",hosts=A+B", or NULL */
	bool forward;		/* SSH: through a forwarded channel to a distccd that listens there */
	char *forward_to;	/* SSH: its port or "/PATH"; NULL: port 3632 */
};
#define HOST_SPEC_INIT { HOST_LOCAL, NULL, NULL, 0, NULL, NULL, NULL, 0, false, false, false, false, false, NULL, false, false, false, NULL, false, NULL }

enum { HOST_LIMIT_DEFAULT = 4, HOST_LIMIT_LOCAL = 2, HOST_LIMIT_MAX = 10000, HOST_UNIX_PATH_MAX = 107 };

/* Parses one token (no white space in it). ERR_HOSTSPEC with a sentence that names the fault and
 * the remedy. A name or user that begins with '-' is refused for ssh (it would be an option). */
int host_spec_parse(struct host_spec *spec, const char *token, struct err *err);
void host_spec_release(struct host_spec *spec);
void host_spec_copy(struct host_spec *to, const struct host_spec *from);

/* 1, 2 or 3 by the options lzo and cpp. */
int host_spec_protocol(const struct host_spec *spec);

/* "cpu_tcp_NAME_PORT", "cpu_ssh_NAME", "cpu_localhost" with another first word: the stem of lock
 * and back-off files shared with stock clients. For unix: the path with '/' as '_'. Yours to free. */
char *host_spec_file_stem(const struct host_spec *spec, const char *first_word);

#endif
