/* base/sock.c - see sock.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum {
	BACKLOG = 4096,
	BACKLOG_RETRY_MS = 20,		/* a full AF_UNIX backlog wakes nobody up when it has room again */
	KEEPALIVE_IDLE_S = 30,
	KEEPALIVE_EVERY_S = 10,
	KEEPALIVE_COUNT = 3,
	OVERFLOW_UID_DEFAULT = 65534
};

const char *sock_addr_format(const struct sock_addr *addr, char text[SOCK_TEXT_MAX])
{
	const struct sockaddr *sa = (const struct sockaddr *)&addr->storage;
	char host[INET6_ADDRSTRLEN];

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, SOCK_TEXT_MAX, "%s:%u", host, ntohs(in->sin_port));
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, host, sizeof(host));
			snprintf(text, SOCK_TEXT_MAX, "%s:%u", host, ntohs(in6->sin6_port));
		} else {
			inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
			snprintf(text, SOCK_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
		}
	} else if (sa->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)sa;
		size_t len = addr->len > offsetof(struct sockaddr_un, sun_path) ? addr->len - offsetof(struct sockaddr_un, sun_path) : 0;

		snprintf(text, SOCK_TEXT_MAX, "unix:%.*s", (int)strnlen(un->sun_path, len), un->sun_path);
	} else {
		snprintf(text, SOCK_TEXT_MAX, "unknown address");
	}
	return text;
}

void sock_addr_unmap(struct sock_addr *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr->storage;
	struct sockaddr_in in;

	if (addr->storage.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_port = in6->sin6_port;
	memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, 4);
	memset(&addr->storage, 0, sizeof(addr->storage));
	memcpy(&addr->storage, &in, sizeof(in));
	addr->len = sizeof(in);
}

bool sock_addr_equal(const struct sock_addr *a, const struct sock_addr *b)
{
	struct sock_addr x = *a, y = *b;

	sock_addr_unmap(&x);
	sock_addr_unmap(&y);
	if (x.storage.ss_family != y.storage.ss_family)
		return false;
	if (x.storage.ss_family == AF_INET) {
		const struct sockaddr_in *p = (const struct sockaddr_in *)&x.storage,
					 *q = (const struct sockaddr_in *)&y.storage;

		return p->sin_port == q->sin_port && p->sin_addr.s_addr == q->sin_addr.s_addr;
	}
	if (x.storage.ss_family == AF_INET6) {
		const struct sockaddr_in6 *p = (const struct sockaddr_in6 *)&x.storage,
					  *q = (const struct sockaddr_in6 *)&y.storage;

		return p->sin6_port == q->sin6_port && p->sin6_scope_id == q->sin6_scope_id &&
		       memcmp(&p->sin6_addr, &q->sin6_addr, sizeof(p->sin6_addr)) == 0;
	}
	return x.len == y.len && memcmp(&x.storage, &y.storage, x.len) == 0;
}

int sock_addr_unix(struct sock_addr *addr, const char *path, struct err *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&addr->storage;
	size_t len = strlen(path);

	if (len >= sizeof(un->sun_path))
		return err_set(err, ERR_HOSTSPEC,
			       "socket path of %zu bytes, at most %zu are possible: use a shorter directory",
			       len, sizeof(un->sun_path) - 1);
	memset(addr, 0, sizeof(*addr));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, len + 1);
	addr->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return 0;
}

static int resolve(const char *host, const char *port, int flags, struct addrinfo **list)
{
	struct addrinfo hints;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	/* Never AI_ADDRCONFIG: with lo down musl would not even know 127.0.0.1. */
	hints.ai_flags = flags | AI_NUMERICSERV;
	return getaddrinfo(host, port, &hints, list);
}

int sock_resolve(const char *host, int port, struct sock_addr **addrs, size_t *n_addrs, struct err *err)
{
	struct addrinfo *list = NULL;
	char service[16];
	size_t n = 0;
	int failure;

	snprintf(service, sizeof(service), "%d", port);
	/* A literal needs no look-up, and so none of the libraries that look-ups load. */
	failure = resolve(host, service, AI_NUMERICHOST, &list);
	if (failure)
		failure = resolve(host, service, 0, &list);
	if (failure)
		return err_set(err, ERR_CONNECT, "failed to resolve host %s port %d: %s", host,
			       port, gai_strerror(failure));
	for (struct addrinfo *at = list; at; at = at->ai_next)
		n++;
	*addrs = mem_array(n, sizeof(**addrs));
	*n_addrs = 0;
	for (struct addrinfo *at = list; at; at = at->ai_next) {
		struct sock_addr *to = &(*addrs)[(*n_addrs)++];

		memcpy(&to->storage, at->ai_addr, at->ai_addrlen);
		to->len = at->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

void sock_set_user_timeout(int fd, int ms)
{
	unsigned value = (unsigned)ms;

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof(value));
}

int sock_tune_tcp(int fd)
{
	static const struct { int level, name, value; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int)) < 0)
			return errno == EOPNOTSUPP ? 0 : -1;
	return 0;
}

int sock_connect_start(const struct sock_addr *addr, int *fd)
{
	int s = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return s < 0 ? -1 : sock_connect_on(s, addr, fd);
}

int sock_connect_on(int sock, const struct sock_addr *addr, int *fd)
{
	if (addr->storage.ss_family != AF_UNIX)
		sock_tune_tcp(sock);
	if (connect(sock, (const struct sockaddr *)&addr->storage, addr->len) == 0) {
		*fd = sock;
		return 1;
	}
	if (errno == EINPROGRESS) {
		*fd = sock;
		return 0;
	}
	fd_close(&sock);
	return -1;
}

int sock_connect_result(int fd)
{
	int failure = 0;
	socklen_t len = sizeof(failure);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
		return -1;
	errno = failure;
	return failure ? -1 : 0;
}

int sock_connect(const struct sock_addr *addr, struct deadline deadline, int *fd, struct err *err)
{
	char text[SOCK_TEXT_MAX];
	int s = -1, started;

	sock_addr_format(addr, text);
	for (;;) {
		struct deadline retry = deadline_after_ms(BACKLOG_RETRY_MS);

		started = sock_connect_start(addr, &s);
		if (started >= 0)
			break;
		if (errno != EAGAIN || addr->storage.ss_family != AF_UNIX)
			return err_sys(err, ERR_CONNECT, "cannot connect to %s", text);
		if (deadline_passed(deadline))
			return err_set(err, ERR_TIMEOUT,
				       "timeout while connecting to %s: its backlog is full", text);
		poll(NULL, 0, deadline_poll_ms(retry));
	}
	if (started == 0) {
		int ready = fd_wait(s, POLLOUT, deadline);

		if (ready == 0) {
			close(s);
			return err_set(err, ERR_TIMEOUT, "timeout while connecting to %s", text);
		}
		if (ready < 0 || sock_connect_result(s) < 0) {
			err_sys(err, ERR_CONNECT, "cannot connect to %s", text);
			close(s);
			return -1;
		}
	}
	*fd = s;
	return 0;
}

/* 1: somebody listens there, 0: nobody (stale or missing), -1: something else stands there. */
static int probe_unix(const struct sock_addr *addr, const char *path)
{
	struct stat st;
	int fd = -1, live;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	live = sock_connect_start(addr, &fd);
	if (live < 0)
		live = errno == ECONNREFUSED ? 0 : 1;
	else
		live = 1;
	fd_close(&fd);
	return live;
}

int sock_listen_unix(const char *path, mode_t mode, gid_t gid, int *fd, struct err *err)
{
	struct sock_addr addr, temporary_addr;
	autofree char *temporary = str_format("%s.%ld", path, (long)getpid());
	autoclose int s = -1;
	mode_t old_umask;
	int live, failed;

	if (sock_addr_unix(&addr, path, err) < 0 || sock_addr_unix(&temporary_addr, temporary, err) < 0)
		return err_prefix(err, "cannot listen on unix:%s", path);
	live = probe_unix(&addr, path);
	if (live < 0)
		return err_sys(err, ERR_BIND,
			       "cannot listen on unix:%s: something stands there that is no socket", path);
	if (live)
		return err_set(err, ERR_BIND, "cannot listen on unix:%s: already in use", path);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return err_sys(err, ERR_BIND, "cannot make a socket");
	/* It appears under its name only when its mode and group are right and it listens. */
	unlink(temporary);
	old_umask = umask(0177);
	failed = bind(s, (const struct sockaddr *)&temporary_addr.storage, temporary_addr.len);
	umask(old_umask);
	if (failed < 0)
		return err_sys(err, ERR_BIND, "cannot listen on unix:%s", path);
	if ((gid != (gid_t)-1 && chown(temporary, (uid_t)-1, gid) < 0) || chmod(temporary, mode) < 0 ||
	    listen(s, BACKLOG) < 0 || rename(temporary, path) < 0) {
		err_sys(err, ERR_BIND, "cannot listen on unix:%s", path);
		unlink(temporary);
		return -1;
	}
	*fd = fd_steal(&s);
	return 0;
}

int sock_listen_tcp(const struct sock_addr *addr, int *fd, struct err *err)
{
	autoclose int s = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[SOCK_TEXT_MAX];
	int on = 1;

	sock_addr_format(addr, text);
	if (s < 0)
		return err_sys(err, ERR_BIND, "cannot make a socket for %s", text);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s, (const struct sockaddr *)&addr->storage, addr->len) < 0)
		return err_sys(err, ERR_BIND, "bind of %s failed", text);
	if (listen(s, BACKLOG) < 0)
		return err_sys(err, ERR_BIND, "cannot listen on %s", text);
	*fd = fd_steal(&s);
	return 0;
}

int sock_peer_cred(int fd, struct sock_cred *cred)
{
	struct ucred ucred;
	socklen_t len = sizeof(ucred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) < 0)
		return -1;
	*cred = (struct sock_cred){ ucred.pid, ucred.uid, ucred.gid };
	return 0;
}

uid_t sock_overflow_uid(void)
{
	autobuf text = BUF_INIT;
	int64_t value;

	if (file_read("/proc/sys/kernel/overflowuid", 64, &text, NULL) < 0)
		return OVERFLOW_UID_DEFAULT;
	if (text.len && text.data[text.len - 1] == '\n')
		text.data[text.len - 1] = '\0';
	return str_to_int(text.data, 0, UINT32_MAX, &value) ? (uid_t)value : OVERFLOW_UID_DEFAULT;
}

bool sock_peer_in_group(int fd, gid_t gid)
{
	struct sock_cred cred;
#ifdef SO_PEERGROUPS
	gid_t groups[1024];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
		for (size_t i = 0; i < len / sizeof(gid_t); i++)
			if (groups[i] == gid)
				return true;
#endif
	return sock_peer_cred(fd, &cred) == 0 && cred.gid == gid;
}
