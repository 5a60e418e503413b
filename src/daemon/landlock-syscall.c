/*
 * daemon/landlock-syscall.c - see landlock.h.
 *
 * The C library has no wrappers. The numbers below are the kernel's interface; those that the build
 * machine's header lacks are written out, since the machine that runs this may be newer.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_V1 ((1ULL << 13) - 1)
#define FS_REFER (1ULL << 13)		/* from version 2 on */
#define FS_TRUNCATE (1ULL << 14)	/* 3 */
#define FS_IOCTL_DEV (1ULL << 15)	/* 5 */
#define NET_TCP_BOTH 3ULL		/* 4: bind and connect */
#define NET_TCP_CONNECT 2ULL
#define RULE_NET_PORT 2
#define SCOPE_BOTH 3ULL			/* 6: abstract sockets and signals */
#define FS_FOR_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct port_rule {
	uint64_t allowed, port;
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

int landlock_stops_signals(void)
{
	return landlock_abi() >= 6;
}

static uint64_t handled_fs(int abi)
{
	uint64_t fs = FS_V1;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

static uint64_t wanted_fs(unsigned rights)
{
	uint64_t fs = 0;

	if (rights & LANDLOCK_READ)
		fs |= FS_READ_FILE | FS_READ_DIR;
	if (rights & LANDLOCK_EXECUTE)
		fs |= FS_EXECUTE | FS_READ_FILE;
	if (rights & LANDLOCK_WRITE)
		fs |= (FS_V1 & ~FS_EXECUTE) | FS_REFER | FS_TRUNCATE;
	return fs;
}

static int add_rule(int rules_fd, uint64_t handled, const struct landlock_path *path, int flags,
		    struct err *err)
{
	autoclose int fd = open(path->path, O_PATH | O_CLOEXEC | flags);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : err_sys(err, ERR_PRIVILEGES, "cannot open '%s'", path->path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, ERR_PRIVILEGES, "cannot look at '%s'", path->path);
	rule.allowed_access = wanted_fs(path->rights) & handled;
	if (S_ISLNK(st.st_mode))
		return 0;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_FOR_FILES;
	if (syscall(SYS_landlock_add_rule, rules_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(err, ERR_PRIVILEGES, "no Landlock rule for '%s'", path->path);
	return 0;
}

int landlock_make(const struct landlock_path *paths, size_t n_paths, int *fd, struct err *err)
{
	int abi = landlock_abi();
	struct ruleset attr = { .fs = handled_fs(abi), .net = abi >= 4 ? NET_TCP_BOTH : 0, .scoped = abi >= 6 ? SCOPE_BOTH : 0 };
	size_t size = abi >= 6 ? sizeof(attr) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	autoclose int rules_fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);

	if (rules_fd < 0)
		return err_sys(err, ERR_PRIVILEGES, "the kernel makes no Landlock rules");
	fd_set_cloexec(rules_fd, true);
	for (size_t i = 0; i < n_paths; i++)
		if (add_rule(rules_fd, attr.fs, &paths[i], 0, err) < 0)
			return -1;
	*fd = fd_steal(&rules_fd);
	return 0;
}

int landlock_allow_port(int fd, int port, struct err *err)
{
	struct port_rule rule = { .allowed = NET_TCP_CONNECT, .port = (uint64_t)port };

	if (landlock_abi() >= 4 && syscall(SYS_landlock_add_rule, fd, RULE_NET_PORT, &rule, 0) < 0)
		return err_sys(err, ERR_PRIVILEGES, "no Landlock rule for port %d", port);
	return 0;
}

int landlock_enter(int fd)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, fd, 0);
}

/* Are some of them below this directory? */
static bool is_above(const char *path, char *const *dirs, size_t n_dirs)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < n_dirs; i++)
		if (strncmp(dirs[i], path, len) == 0 && dirs[i][len] == '/')
			return true;
	return false;
}

static bool is_one_of(const char *path, char *const *dirs, size_t n_dirs)
{
	for (size_t i = 0; i < n_dirs; i++)
		if (strcmp(dirs[i], path) == 0)
			return true;
	return false;
}

/* Rules allow what is below a directory. So what is in those above the hidden ones is allowed one by one. */
static int allow_around(int rules_fd, uint64_t handled, const char *path, char *const *dirs,
			size_t n_dirs, struct err *err)
{
	DIR *dir = opendir(*path ? path : "/");
	struct dirent *entry;
	int result = dir ? 0 : err_sys(err, ERR_PRIVILEGES, "cannot look around in '%s'", path);

	while (result == 0 && (entry = readdir(dir))) {
		autofree char *below = str_format("%s/%s", path, entry->d_name);
		struct landlock_path allowed = { below, LANDLOCK_READ | LANDLOCK_WRITE };

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    is_one_of(below, dirs, n_dirs))
			continue;
		if (is_above(below, dirs, n_dirs))
			result = allow_around(rules_fd, handled, below, dirs, n_dirs, err);
		else
			/* not through a link, which might lead to what is hidden */
			result = add_rule(rules_fd, handled, &allowed, O_NOFOLLOW, err);
	}
	if (dir)
		closedir(dir);
	return result;
}

int landlock_hide(char *const *dirs, size_t n_dirs, struct err *err)
{
	uint64_t handled = wanted_fs(LANDLOCK_READ | LANDLOCK_WRITE) & handled_fs(landlock_abi());
	autoclose int rules_fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (rules_fd < 0)
		return err_sys(err, ERR_PRIVILEGES, "the kernel makes no Landlock rules");
	fd_set_cloexec(rules_fd, true);
	if (allow_around(rules_fd, handled, "", dirs, n_dirs, err) < 0)
		return -1;
	return landlock_enter(rules_fd) < 0 ? err_sys(err, ERR_PRIVILEGES, "cannot hide directories") : 0;
}
