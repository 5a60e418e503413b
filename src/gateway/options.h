/* gateway/options.h - the command line of distcc-gateway. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "gateway/policy.h"

enum { STATS_PORT_DEFAULT = 3633 };

struct options {
	/* of --listen unix:PATH, the "unix:" removed; default /run/distcc-gw/socket */
	char **listen_paths;
	size_t n_listen_paths;
	bool listen_is_default;		/* then /run/distcc-gw.sock becomes a link to it */
	/* --control unix:PATH; default DIR-control/NAME for the first --listen DIR/NAME */
	char *control_path;
	bool control_is_default;
	/* --hosts, else as design: DISTCC_GATEWAY_HOSTS, SYSCONFDIR/distcc/gateway.hosts, .../hosts */
	char *hosts_file;
	enum pass_fds pass_fds;
	mode_t socket_mode;		/* 0666 */
	gid_t socket_gid;		/* (gid_t)-1: leave */
	struct admission admission;	/* --allow-user, --allow-group */
	unsigned user_mib;		/* --user-mib: of requests that are kept */
	unsigned user_connections;	/* --user-connections; 0: half of the descriptors */
	int stats_port;			/* --stats-port; 0: servers are not asked */
	char *subuid_file;		/* --subuid, NULL: /etc/subuid */
	char *user;			/* --user, NULL: distcc, else distccd */
	bool daemon;			/* --daemon; the default is the foreground */
	bool replace;			/* --replace: take the place of the gateway that runs */
	bool force;			/* --force: a socket in a place where others could replace it */
	char *http_name, *http_path;	/* --http NAME:PORT or unix:PATH; both NULL: no page */
	int http_port;
	char *pid_file;
	char *log_file;
	char *build;			/* --build, for --status */
	bool log_stderr;
	enum log_level log_level;
	char *host;			/* of --add, --drain, --remove */
	enum { GATEWAY_SERVE, GATEWAY_CHECK, GATEWAY_ADD, GATEWAY_DRAIN, GATEWAY_REMOVE,
	       GATEWAY_RELOAD, GATEWAY_STATUS_TEXT, GATEWAY_STATUS_JSON, GATEWAY_HELP,
		       GATEWAY_VERSION } action;
};

/* One table makes the parser, --help, and a test that the manual has every row. */
int options_parse(struct options *options, int argc, const char **argv, struct err *err);
void options_release(struct options *options);
void options_print_help(void);

#endif
