/* gateway/confine-seccomp.c - a deny list: what would help an intruder and is never our business. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

static const int denied[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
		SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
		SCMP_SYS(chroot), SCMP_SYS(setns),
	SCMP_SYS(unshare), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(keyctl),
		SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
		SCMP_SYS(kexec_load), SCMP_SYS(userfaultfd),
	SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(mknod),
		SCMP_SYS(mknodat),
	SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchownat), SCMP_SYS(rename),
		SCMP_SYS(renameat),
};

void confine_self(const char **how)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int failed = !filter;

	for (size_t i = 0; !failed && i < sizeof(denied) / sizeof(denied[0]); i++) {
		/* a call that this architecture does not have needs no rule */
		int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);

		failed = result < 0 && result != -EDOM;
	}
	if (!failed)
		failed = seccomp_load(filter) < 0;
	if (filter)
		seccomp_release(filter);
	*how = failed ? "the system call filter could not be loaded" : "system call filter";
}
