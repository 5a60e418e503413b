/*
 * gateway/guard.h - TCP sockets that reach the servers of the list and nobody else, wherever they are
 * taken: for --pass-fds=auto.
 *
 * The kernel judges a socket by the cgroup in which it was made. So a small process lives in a cgroup
 * of ours, with four BPF programs on it, and makes sockets on request; it does nothing else, and ends
 * with its parent. connect4 and connect6 refuse what is not in a map of addresses; without egress and
 * ingress, listen() would get round them. Sockets that live on when the gateway has ended, and the
 * cgroup is removed, are judged as before. Of the parent, but for guard_line.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/sock.h"

struct guard;

/* NULL and why: no rights, no cgroup2 file system, no BPF here or in this build. Needs root, or CAP_BPF and
 * CAP_NET_ADMIN; the process that makes the sockets is uid's. */
struct guard *guard_open(uid_t uid, gid_t gid, struct err *err);
/* A child of this process has ended: was it the guard's? */
bool guard_reaped(struct guard *guard, pid_t pid);
/* The process ends; sockets that it made stay as shut as they are. NULL is fine. */
void guard_close(struct guard *guard);

/* What may be reached: an address, until guard_keep() leaves out its mark. */
int guard_allow(const struct guard *guard, const struct sock_addr *addr, uint32_t mark, struct err *err);
void guard_keep(const struct guard *guard, const uint32_t *marks, size_t n_marks);

/* The line to the process: for each byte, '4' or '6', it sends one with a new socket. Borrowed. */
int guard_line(const struct guard *guard);
/* One socket, waited for; -1 if the process has gone. */
int guard_socket(const struct guard *guard, int family);

#endif
