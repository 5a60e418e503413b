/* base/sock.h - sockets: addresses, options, credentials. All close-on-exec from birth. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

struct sock_addr {
	struct sockaddr_storage storage;
	socklen_t len;
};

enum { SOCK_TEXT_MAX = 160 };

/* "127.0.0.1:3632", "[::1]:3632", "unix:/path"; IPv4-mapped addresses are shown as IPv4. */
const char *sock_addr_format(const struct sock_addr *addr, char text[SOCK_TEXT_MAX]);
bool sock_addr_equal(const struct sock_addr *a, const struct sock_addr *b);	/* address and port */
void sock_addr_unmap(struct sock_addr *addr);			/* ::ffff:1.2.3.4 becomes 1.2.3.4 */

/* A pathname socket's address. ERR_HOSTSPEC for a path over 107 bytes, with the remedy named. */
int sock_addr_unix(struct sock_addr *addr, const char *path, struct err *err);
/* Numeric or by name, every address in order (caller frees *addrs); ERR_CONNECT when unknown. */
int sock_resolve(const char *host, int port, struct sock_addr **addrs, size_t *n_addrs, struct err *err);

/* A connected, non-blocking stream socket; TCP gets TCP_NODELAY and keep-alive. ERR_CONNECT with
 * the cause in the sentence, ERR_TIMEOUT when the deadline passed. A full backlog (EAGAIN on
 * AF_UNIX) is waited out until the deadline. */
int sock_connect(const struct sock_addr *addr, struct deadline deadline, int *fd, struct err *err);

/* Starts a non-blocking connect: 1 connected, 0 under way, -1 and errno. *fd is set unless -1. */
int sock_connect_start(const struct sock_addr *addr, int *fd);
/* The same with a socket that is there already, non-blocking, and taken over. */
int sock_connect_on(int sock, const struct sock_addr *addr, int *fd);
int sock_connect_result(int fd);		/* after it became writable: 0, or -1 and errno */

/* Listening, non-blocking. mode is for unix paths (the file is made with it, a stale file is
 * replaced, a live one is ERR_BIND "already in use"); gid (gid_t)-1 leaves the group. */
int sock_listen_unix(const char *path, mode_t mode, gid_t gid, int *fd, struct err *err);
int sock_listen_tcp(const struct sock_addr *addr, int *fd, struct err *err);

/* bytes unacknowledged for so long end the connection; TCP only */
void sock_set_user_timeout(int fd, int ms);
int sock_tune_tcp(int fd);			/* no delay, keep-alive; quietly nothing on AF_UNIX */

struct sock_cred {
	pid_t pid;				/* 0: invisible from our pid namespace */
	uid_t uid;
	gid_t gid;
};
/* Of an AF_UNIX peer, from the kernel. */
int sock_peer_cred(int fd, struct sock_cred *cred);
/* The kernel's overflow uid (65534 unless configured): it stands for "unknown", never for a person. */
uid_t sock_overflow_uid(void);
/* Is the peer in group gid: its primary or one of SO_PEERGROUPS? */
bool sock_peer_in_group(int fd, gid_t gid);

#endif
