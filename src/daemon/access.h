/* daemon/access.h - who may connect: networks for IP peers, users and groups for local ones. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/sock.h"

struct access_rule {
	int family;			/* AF_INET, AF_INET6 */
	unsigned char address[16];
	unsigned bits;			/* how many leading bits must be equal */
};

struct access {
	struct access_rule *rules;
	size_t n_rules;
	uid_t *uids;
	size_t n_uids;
	gid_t *gids;
	size_t n_gids;
};

/* "ADDRESS" or "ADDRESS/BITS", numeric or a name (its first address). ERR_USAGE. */
int access_add_network(struct access *access, const char *text, struct err *err);
/* The networks that are private by convention, IPv4 and IPv6. */
void access_add_private(struct access *access);
void access_add_uid(struct access *access, uid_t uid);
void access_add_gid(struct access *access, gid_t gid);
void access_release(struct access *access);

/* An IP peer: does a rule match? An IPv4-mapped address is judged as IPv4. No rules: everybody. */
bool access_admits_address(const struct access *access, const struct sock_addr *peer);
/* A local peer by its credentials; the overflow uid is nobody's. No users and groups: everybody. */
bool access_admits_local(const struct access *access, int fd);

#endif
