/* gateway/guard-programs.h - the four BPF programs of guard.h, and the map that they look into. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_GUARD_PROGRAMS_H
#define GATEWAY_GUARD_PROGRAMS_H

#include <stdint.h>

#include "base/err.h"
#include "base/sock.h"

enum { GUARD_ADDRS_MAX = 16384 };

struct guard_key {			/* an IPv4 address as ::ffff:a.b.c.d */
	uint8_t addr[16];
	uint32_t port;			/* in network order, as a 16-bit number in the first two bytes */
	uint32_t zero;
};

/* A map from guard_key to a mark. Descriptors, or -1 and ERR_PRIVILEGES. */
int guard_map_create(struct err *err);
void guard_key_init(struct guard_key *key, const struct sock_addr *addr);
int guard_map_put(int map_fd, const struct guard_key *key, uint32_t mark, struct err *err);
/* Takes away each entry whose mark is not among these. */
void guard_map_keep(int map_fd, const uint32_t *marks, size_t n_marks);

/* Loads the programs and attaches them to a cgroup's directory. They stay there without us. */
int guard_programs_attach(int cgroup_fd, int map_fd, struct err *err);

#endif
