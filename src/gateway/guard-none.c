/* gateway/guard-none.c - without linux/bpf.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/guard.h"

struct guard *guard_open(uid_t uid, gid_t gid, struct err *err)
{
	(void)uid;
	(void)gid;
	err_set(err, ERR_FAILED, "this build has no cgroup BPF (linux/bpf.h was missing, or --without-bpf)");
	return NULL;
}

bool guard_reaped(struct guard *guard, pid_t pid)
{
	(void)guard;
	(void)pid;
	return false;
}

void guard_close(struct guard *guard)
{
	(void)guard;
}

int guard_allow(const struct guard *guard, const struct sock_addr *addr, uint32_t mark, struct err *err)
{
	(void)guard;
	(void)addr;
	(void)mark;
	(void)err;
	return 0;
}

void guard_keep(const struct guard *guard, const uint32_t *marks, size_t n_marks)
{
	(void)guard;
	(void)marks;
	(void)n_marks;
}

int guard_line(const struct guard *guard)
{
	(void)guard;
	return -1;
}

int guard_socket(const struct guard *guard, int family)
{
	(void)guard;
	(void)family;
	return -1;
}
