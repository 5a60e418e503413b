/* gateway/confine.c - see confine.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/confine.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

int confine_drop(uid_t uid, gid_t gid, struct err *err)
{
	if (geteuid() == 0 && uid != 0) {
		if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
			return err_sys(err, ERR_PRIVILEGES, "cannot become uid %u", uid);
		if (getuid() != uid || geteuid() != uid || getgid() != gid || setuid(0) == 0)
			return err_set(err, ERR_PRIVILEGES, "still privileged after becoming uid %u", uid);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, ERR_PRIVILEGES, "no_new_privs");
	return 0;
}
