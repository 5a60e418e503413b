/*
 * daemon/sysfilter-seccomp.c - see sysfilter.h.
 *
 * A deny list: compilers, their wrappers and caches call too much for a list of what is allowed, and
 * Landlock guards the files. Denied is what reaches another process, the network, another namespace
 * or the kernel's rarely trodden parts, and what leaves something behind when the job has ended:
 * System V objects, and process groups and sessions that the end of the job's group would miss.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sysfilter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tmp.h"

enum { PROGRAM_MAX = BPF_MAXINSNS * sizeof(struct sock_filter) };

static const char *const denied[] = {
	"socketpair", "bind", "listen", "accept", "accept4",
	"setsid", "setpgid",
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
	"fsmount", "fspick", "mount_setattr", "mknod", "mknodat",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"keyctl", "add_key", "request_key", "fanotify_init", "quotactl", "syslog", "acct",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
	"settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname",
	"iopl", "ioperm", "modify_ldt", "nfsservctl", "open_by_handle_at", "name_to_handle_at", "lookup_dcookie",
	"msgget", "semget", "shmget", "mq_open", "vhangup",
};

static const char *const signals[] = { "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
				       "pidfd_send_signal" };

static int deny(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	int result;

	if (number == __NR_SCMP_ERROR)
		return 0;			/* older than this system call */
	result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
	return result == -EDOM || result == -EINVAL ? 0 : result;
}

/* Sockets of the families that a program needs to reach a server. */
static int add_connects(scmp_filter_ctx filter)
{
	int result = 0;

	for (unsigned family = 0; result == 0 && family <= AF_INET6; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
			result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket),
						  1, SCMP_A0(SCMP_CMP_EQ, family, 0));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_GT, AF_INET6, 0));
	return result;
}

static int add_rules(scmp_filter_ctx filter, bool no_signals, bool connects)
{
	static const unsigned namespaces[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET,
					       CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, 0x02000000 };
	int result = connects ? add_connects(filter) : deny(filter, "socket");

	if (result == 0 && !connects)
		result = deny(filter, "connect");
	for (size_t i = 0; result == 0 && i < sizeof(denied) / sizeof(denied[0]); i++)
		result = deny(filter, denied[i]);
	for (size_t i = 0; result == 0 && no_signals && i < sizeof(signals) / sizeof(signals[0]); i++)
		result = deny(filter, signals[i]);
	/* abort() must go on working; the server's own processes ignore SIGABRT from others */
	if (result == 0 && no_signals)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
					  SCMP_A2(SCMP_CMP_NE, SIGABRT, 0));
	/* the flags of clone3 are in memory, where no filter looks; the C library falls back to clone */
	if (result == 0 && SCMP_SYS(clone3) != __NR_SCMP_ERROR)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (size_t i = 0; result == 0 && i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	return result;
}

int sysfilter_make(struct buf *program, bool no_signals, bool connects, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	autoclose int fd = tmp_memory("filter", err);
	int result = fd < 0 ? -ENOMEM : filter ? 0 : -ENOMEM;

	if (result == 0)
		result = add_rules(filter, no_signals, connects);
	if (result == 0)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		result = seccomp_export_bpf(filter, fd);
	if (filter)
		seccomp_release(filter);
	if (result < 0) {
		errno = -result;
		return err_sys(err, ERR_PRIVILEGES, "cannot make a filter of system calls");
	}
	if (prctl(PR_GET_SECCOMP) < 0)
		return err_sys(err, ERR_PRIVILEGES, "the kernel filters no system calls");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, "cannot read the filter");
	return fd_read_all(fd, PROGRAM_MAX, program, err);
}

int sysfilter_enter(const struct buf *program)
{
	struct sock_fprog filter = {
		.len = (unsigned short)(program->len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)program->data,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}
