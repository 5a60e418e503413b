/* daemon/listen.c - see listen.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/listen.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/activation.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"

enum { SILENT_S = 1 };			/* the kernel keeps a silent connection for so long */

static int open_tcp(const char *address, int port, bool defer, int *fd, struct err *err)
{
	autofree struct sock_addr *addrs = NULL;
	size_t n_addrs;
	int seconds = SILENT_S;

	if (sock_resolve(address, port, &addrs, &n_addrs, err) < 0) {
		if (err)
			err->code = ERR_BIND;
		return -1;
	}
	if (sock_listen_tcp(&addrs[0], fd, err) < 0)
		return -1;
	if (defer && env_bool("DISTCC_TCP_DEFER_ACCEPT", true))
		setsockopt(*fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	return 0;
}

static int open_one(const struct options *options, const char *address, int *fd, struct err *err)
{
	char text[SOCK_TEXT_MAX];
	struct sock_addr own = { .len = sizeof(own.storage) };
	int result;

	if (str_starts_with(address, "unix:"))
		result = sock_listen_unix(address + strlen("unix:"), options->socket_mode,
					  options->socket_gid, fd, err);
	else
		result = open_tcp(address, options->port, true, fd, err);
	if (result == 0 && getsockname(*fd, (struct sockaddr *)&own.storage, &own.len) == 0)
		log_info("listening on %s", str_starts_with(address, "unix:") ? address : sock_addr_format(&own, text));
	return result;
}

/* So that nothing of theirs is removed at the end. */
static void forget_addresses(struct options *options)
{
	for (size_t i = 0; i < options->n_listen; i++)
		free(options->listen[i]);
	options->n_listen = 0;
}

int listen_open(struct options *options, int **fds, size_t *n_fds, struct err *err)
{
	if (activation_take(fds, n_fds, err) < 0)
		return -1;
	if (*n_fds) {
		forget_addresses(options);
		log_info("listening on %zu sockets of the service manager", *n_fds);
		return 0;
	}
	free(*fds);
	*fds = mem_array(options->n_listen + 1, sizeof(**fds));
	*n_fds = 0;
	for (size_t i = 0; i < options->n_listen; i++) {
		if (open_one(options, options->listen[i], &(*fds)[*n_fds], err) < 0)
			return -1;
		(*n_fds)++;
	}
	if (!options->n_listen) {
		if (open_one(options, "0.0.0.0", &(*fds)[0], err) < 0)
			return -1;
		*n_fds = 1;
	}
	return 0;
}

int listen_open_stats(const struct options *options, int *fd, struct err *err)
{
	const char *address = "0.0.0.0";

	for (size_t i = 0; i < options->n_listen; i++) {
		if (!str_starts_with(options->listen[i], "unix:")) {
			address = options->listen[i];
			break;
		}
	}
	return open_tcp(address, options->stats_port, false, fd, err);
}

int listen_port(const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++) {
		struct sock_addr own = { .len = sizeof(own.storage) };

		if (getsockname(fds[i], (struct sockaddr *)&own.storage, &own.len) < 0)
			continue;
		if (own.storage.ss_family == AF_INET)
			return ntohs(((struct sockaddr_in *)&own.storage)->sin_port);
		if (own.storage.ss_family == AF_INET6)
			return ntohs(((struct sockaddr_in6 *)&own.storage)->sin6_port);
	}
	return 0;
}

void listen_remove(const struct options *options)
{
	for (size_t i = 0; i < options->n_listen; i++)
		if (str_starts_with(options->listen[i], "unix:"))
			unlink(options->listen[i] + strlen("unix:"));
}
