/*
 * gateway/guard-proof.c - see guard-proof.h.
 *
 * We are not in the guarded cgroup ourselves, as little as whoever gets such a socket is: a proof from
 * inside would say nothing.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/guard-proof.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"

enum {
	FLOW_MS = 2000,
	/* over loopback a handshake that nobody drops is done before connect() returns */
	CALL_MS = 100,
	MARK = 1
};

/* Where somebody listens, on loopback. */
struct place {
	int fd;
	struct sock_addr addr;
};

static int place_open(struct place *place, int family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&place->addr.storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&place->addr.storage;

	memset(&place->addr, 0, sizeof(place->addr));
	place->addr.storage.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		in6->sin6_addr = in6addr_loopback;
	place->addr.len = family == AF_INET ? sizeof(*in) : sizeof(*in6);
	place->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return place->fd >= 0 && bind(place->fd, (struct sockaddr *)in, place->addr.len) == 0 &&
	       listen(place->fd, 4) == 0 &&
	       getsockname(place->fd, (struct sockaddr *)in, &place->addr.len) == 0 ? 0 : -1;
}

static void disconnect(int fd)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	connect(fd, &nowhere, sizeof(nowhere));
}

static bool carries(int from, int to)
{
	char byte = 0;

	return send(from, "x", 1, MSG_NOSIGNAL) == 1 && fd_wait(to, POLLIN, deadline_after_ms(FLOW_MS)) > 0 &&
	       recv(to, &byte, 1, 0) == 1 && byte == 'x';
}

static int reaches(int fd, const struct place *server, struct err *err)
{
	autoclose int theirs = -1;

	connect(fd, (const struct sockaddr *)&server->addr.storage, server->addr.len);
	if (fd_wait(server->fd, POLLIN, deadline_after_ms(FLOW_MS)) > 0)
		theirs = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
	if (theirs < 0 || !carries(fd, theirs) || !carries(theirs, fd))
		return err_set(err, ERR_FAILED, "a server that is in the map is not reached");
	return 0;
}

/* Each of these is the last thing that is tried with its socket. */
static int is_refused(int fd, const struct sock_addr *addr, const char *how, struct err *err)
{
	disconnect(fd);
	if (connect(fd, (const struct sockaddr *)&addr->storage, addr->len) == 0 || errno != EPERM)
		return err_set(err, ERR_FAILED, "connect() to another address is possible%s", how);
	return 0;
}

static int fast_open_is_refused(int fd, const struct sock_addr *addr, struct err *err)
{
	int on = 1;

	disconnect(fd);
	if (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&addr->storage,
		   addr->len) == 1 ||
	    (errno != EPERM && errno != EOPNOTSUPP))
		return err_set(err, ERR_FAILED, "TCP fast open to another address is possible");
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) < 0)
		return 0;
	return is_refused(fd, addr, " (TCP_FASTOPEN_CONNECT)", err);
}

static int listening_is_in_vain(int fd, struct err *err)
{
	struct sock_addr addr = { .len = sizeof(addr.storage) };
	struct sockaddr_in *in = (struct sockaddr_in *)&addr.storage;
	autoclose int caller = -1;

	disconnect(fd);
	if (listen(fd, 1) < 0)
		return 0;
	if (getsockname(fd, (struct sockaddr *)in, &addr.len) < 0)
		return err_sys(err, ERR_FAILED, "getsockname");
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sock_connect_start(&addr, &caller);
	if (fd_wait(fd, POLLIN, deadline_after_ms(CALL_MS)) != 0)
		return err_set(err, ERR_FAILED, "listen() is possible");
	return 0;
}

/* Where there is IPv6. The same address in its other form is the same. */
static int try_ipv6(const struct guard *guard, const struct place *elsewhere, struct err *err)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&elsewhere->addr.storage;
	struct sock_addr mapped = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&mapped.storage;
	autoclose int fd = guard_socket(guard, AF_INET6);
	struct place far = { .fd = -1 };
	int result = 0;

	if (place_open(&far, AF_INET6) == 0)
		result = fd < 0 ? err_set(err, ERR_FAILED, "no IPv6 socket is made") :
				  is_refused(fd, &far.addr, " (IPv6)", err);
	fd_close(&far.fd);
	if (result < 0 || fd < 0)
		return result;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = in->sin_port;
	in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
	memcpy(in6->sin6_addr.s6_addr + 12, &in->sin_addr, 4);
	return is_refused(fd, &mapped, " (IPv4 in IPv6)", err);
}

static int try_all(const struct guard *guard, const struct place *server,
		   const struct place *elsewhere, struct err *err)
{
	autoclose int one = guard_socket(guard, AF_INET), two = guard_socket(guard, AF_INET);

	if (one < 0 || two < 0)
		return err_set(err, ERR_FAILED, "the process in the cgroup makes no sockets");
	if (reaches(one, server, err) < 0 || is_refused(one, &elsewhere->addr, "", err) < 0)
		return -1;
	disconnect(one);
	if (reaches(one, server, err) < 0 || fast_open_is_refused(one, &elsewhere->addr, err) < 0)
		return -1;
	if (reaches(two, server, err) < 0 || listening_is_in_vain(two, err) < 0)
		return -1;
	return try_ipv6(guard, elsewhere, err);
}

int guard_prove(const struct guard *guard, struct err *err)
{
	struct place server = { .fd = -1 }, elsewhere = { .fd = -1 };
	int result = -1;

	if (place_open(&server, AF_INET) < 0 || place_open(&elsewhere, AF_INET) < 0)
		err_sys(err, ERR_FAILED, "no loopback connection");
	else if (guard_allow(guard, &server.addr, MARK, err) == 0)
		result = try_all(guard, &server, &elsewhere, err);
	fd_close(&server.fd);
	fd_close(&elsewhere.fd);
	guard_keep(guard, NULL, 0);
	return result;
}
