/* net/dial.c - see dial.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/dial.h"

#include <errno.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "net/auth.h"
#include "net/socks.h"
#include "net/ssh.h"

enum {
	ADDRESS_MS = 4000,		/* for one address, as distcc 3.4 */
	AUTH_MS = 10000			/* without a byte of an authentication that has begun */
};

static struct deadline sooner(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

static int dial_tcp(const struct host_spec *host, struct deadline deadline, int *fd, struct err *err)
{
	const char *proxy = env_get("DISTCC_SOCKS_PROXY");
	autofree struct sock_addr *addrs = NULL;
	size_t n_addrs = 0;

	if (proxy)
		return socks_connect(proxy, host->name, host->port,
				     sooner(deadline, deadline_after_ms(ADDRESS_MS)), fd, err);
	if (sock_resolve(host->name, host->port, &addrs, &n_addrs, err) < 0)
		return -1;
	for (size_t i = 0; i < n_addrs; i++)
		if (sock_connect(&addrs[i], sooner(deadline, deadline_after_ms(ADDRESS_MS)), fd, err) == 0)
			return 0;
	return -1;
}

static int dial_unix(const struct host_spec *host, struct deadline deadline, int *fd, struct err *err)
{
	struct sock_addr addr;

	if (sock_addr_unix(&addr, host->path, err) < 0)
		return -1;
	return sock_connect(&addr, deadline, fd, err);
}

int dial(const struct host_spec *host, struct deadline deadline, struct stream *stream, struct err *err)
{
	int fd = -1, result;

	switch (host->kind) {
	case HOST_SSH:
		if (host->auth)
			return err_set(err, ERR_HOSTSPEC, "host '%s': ssh authenticates already, so it excludes ',auth'", host->text);
		if (ssh_start(host, env_get("DISTCC_SSH"), -1, stream, err) < 0)
			return err_prefix(err, "host '%s'", host->text);
		return 0;
	case HOST_TCP:
		result = dial_tcp(host, deadline, &fd, err);
		break;
	case HOST_UNIX:
		if (!host->raw)
			return err_set(err, ERR_HOSTSPEC,
				       "host '%s' is a gateway: it is asked for a lease",
				       host->text);
		result = dial_unix(host, deadline, &fd, err);
		break;
	default:
		return err_set(err, ERR_HOSTSPEC, "host '%s' is this machine", host->text);
	}
	if (result < 0 && err && err->sys_errno == ECONNREFUSED)
		return err_set(err, ERR_CONNECT, "host '%s': connection refused: is distccd running there, on this port and address?", host->text);
	if (result < 0)
		return err_prefix(err, "host '%s'", host->text);
	stream->in_fd = stream->out_fd = fd;
	if (host->auth && auth_prove(fd, host->auth_name, AUTH_MS, err) < 0)
		return err_prefix(err, "host '%s'", host->text);
	return 0;
}
