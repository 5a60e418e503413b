/*
 * daemon/confine.c - see confine.h.
 *
 * Several walls, none of which needs root: Landlock for files, signals and TCP; a filter of system
 * calls for sockets and the rest; no_new_privs; limits for memory, file size, processes and time. A
 * kernel without one of them still has the others, and the log says so once.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/confine.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "daemon/compilers.h"
#include "daemon/landlock.h"
#include "daemon/sysfilter.h"

enum {
	FILES_OPEN_MAX = 1024,
	CPU_S = 4 * 3600,
	/* a driver, a compiler and an assembler are three; a cache and its shell some more */
	PROCESSES_PER_JOB = 64,
	PROCESSES_SPARE = 256,		/* what else this user may start while we run */
};
#define MEMORY_MIN ((int64_t)4 << 30)
#define SOCKET_UNIX "unix:"
#define FILE_SIZE_MAX ((rlim_t)1 << 30)	/* the protocol returns no larger file */

/* What compilers read on the systems that we know. No /home, no /proc, hardly anything of /etc. */
static const struct landlock_path common[] = {
	{ "/usr", LANDLOCK_READ }, { "/lib", LANDLOCK_READ }, { "/lib32", LANDLOCK_READ }, { "/lib64", LANDLOCK_READ },
	{ "/libx32", LANDLOCK_READ }, { "/bin", LANDLOCK_READ }, { "/sbin", LANDLOCK_READ }, { "/opt", LANDLOCK_READ },
	{ "/nix/store", LANDLOCK_READ }, { "/gnu/store", LANDLOCK_READ },
	{ "/etc/ld.so.cache", LANDLOCK_READ }, { "/etc/ld.so.preload", LANDLOCK_READ }, { "/etc/localtime", LANDLOCK_READ },
	{ "/etc/alternatives", LANDLOCK_READ }, { "/etc/clang", LANDLOCK_READ }, { "/etc/env.d/gcc", LANDLOCK_READ },
	{ "/etc/lsb-release", LANDLOCK_READ }, { "/etc/os-release", LANDLOCK_READ }, { "/etc/debian_version", LANDLOCK_READ },
	{ "/dev/null", LANDLOCK_READ | LANDLOCK_WRITE }, { "/dev/zero", LANDLOCK_READ }, { "/dev/full", LANDLOCK_READ },
	{ "/dev/random", LANDLOCK_READ }, { "/dev/urandom", LANDLOCK_READ },
	/* the dynamic loaders are executed by the kernel, in the program's name */
	{ "/lib/ld-linux.so.2", LANDLOCK_EXECUTE }, { "/lib64/ld-linux-x86-64.so.2", LANDLOCK_EXECUTE },
	{ "/lib/ld-linux-aarch64.so.1", LANDLOCK_EXECUTE }, { "/lib/ld-linux-armhf.so.3", LANDLOCK_EXECUTE },
	{ "/lib64/ld64.so.2", LANDLOCK_EXECUTE }, { "/lib/ld-linux-riscv64-lp64d.so.1", LANDLOCK_EXECUTE },
	{ "/lib/ld-musl-x86_64.so.1", LANDLOCK_EXECUTE }, { "/lib/ld-musl-aarch64.so.1", LANDLOCK_EXECUTE },
	/* cc1 and its kin */
	{ "/usr/lib/gcc", LANDLOCK_READ | LANDLOCK_EXECUTE }, { "/usr/lib64/gcc", LANDLOCK_READ | LANDLOCK_EXECUTE },
	{ "/usr/libexec/gcc", LANDLOCK_READ | LANDLOCK_EXECUTE }, { "/usr/lib/gcc-cross", LANDLOCK_READ | LANDLOCK_EXECUTE },
	{ "/usr/local/lib/gcc", LANDLOCK_READ | LANDLOCK_EXECUTE }, { "/usr/local/libexec/gcc", LANDLOCK_READ | LANDLOCK_EXECUTE },
};

struct paths {
	struct landlock_path *all;
	char **texts;			/* ours to free */
	size_t n;
};

static void add_path(struct paths *paths, const char *path, unsigned rights)
{
	paths->all = mem_resize(paths->all, paths->n + 1, sizeof(*paths->all));
	paths->texts = mem_resize(paths->texts, paths->n + 1, sizeof(*paths->texts));
	paths->texts[paths->n] = mem_strdup(path);
	paths->all[paths->n] = (struct landlock_path){ paths->texts[paths->n], rights };
	paths->n++;
}

static void release_paths(struct paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->texts[i]);
	free(paths->texts);
	free(paths->all);
}

/* The assemblers of a directory of programs: "as", "x86_64-linux-gnu-as". */
static void add_assemblers(struct paths *paths, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		autofree char *file = NULL;

		if (strcmp(entry->d_name, "as") != 0 && !str_ends_with(entry->d_name, "-as"))
			continue;
		file = path_join(path, entry->d_name);
		add_path(paths, file, LANDLOCK_READ | LANDLOCK_EXECUTE);
	}
	if (dir)
		closedir(dir);
}

static void add_search_path(struct paths *paths, bool execute)
{
	autofree char *copy = mem_strdup(env_get("PATH"));
	char *rest = copy, *dir;

	while (rest && (dir = strsep(&rest, ":"))) {
		if (dir[0] != '/' || strcmp(dir, "/") == 0)
			continue;
		add_path(paths, dir, LANDLOCK_READ | (execute ? LANDLOCK_EXECUTE : 0));
		if (!execute)
			add_assemblers(paths, dir);
	}
}

/* A compiler outside of the system's directories brings its own: /opt/cross/bin/gcc, /opt/cross. */
static void add_toolchain(struct paths *paths, const char *real)
{
	autofree char *bin = path_dir(real), *top = path_dir(bin);

	if (strcmp(top, "/usr") == 0 || strcmp(top, "/") == 0 || strcmp(top, "/usr/local") == 0)
		return;
	add_path(paths, bin, LANDLOCK_READ | LANDLOCK_EXECUTE);
	if (strcmp(path_base(bin), "bin") == 0 && strcmp(top, "/home") != 0 &&
	    strcmp(top, "/tmp") != 0 && strcmp(top, "/root") != 0)
		add_path(paths, top, LANDLOCK_READ | LANDLOCK_EXECUTE);
}

static void add_compilers(struct paths *paths)
{
	struct compilers compilers;
	bool scripts = false;

	compilers_find(&compilers);
	for (size_t i = 0; i < compilers.n; i++) {
		const struct compiler *one = &compilers.all[i];

		if (!one->real)
			continue;
		add_path(paths, one->file, LANDLOCK_READ | LANDLOCK_EXECUTE);
		add_path(paths, one->real, LANDLOCK_READ | LANDLOCK_EXECUTE);
		add_toolchain(paths, one->real);
		if (one->interpreter)
			add_path(paths, one->interpreter, LANDLOCK_READ | LANDLOCK_EXECUTE);
		/* the distribution's scripts run compilers and nothing else; the administrator's may run anything */
		scripts |= one->interpreter && !str_starts_with(one->real, "/usr/bin/");
	}
	compilers_release(&compilers);
	add_search_path(paths, scripts);
}

static void add_all(struct paths *paths, const struct confine_wish *wish)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_path(paths, common[i].path, common[i].rights | (wish->any_program && common[i].path[1] != 'd' && common[i].path[1] != 'e' ? LANDLOCK_EXECUTE : 0));
	if (wish->any_program)
		add_search_path(paths, true);
	else
		add_compilers(paths);
	for (size_t i = 0; i < wish->n_tools; i++)
		add_path(paths, wish->tools[i], LANDLOCK_READ | LANDLOCK_EXECUTE);
}

/* What only the prefix program gets; the names of TCP storages are looked up as everywhere. */
static void add_for_prefix(struct paths *paths, const struct confine_wish *wish)
{
	static const char *const resolver[] = {
		"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
	};

	for (size_t i = 0; i < wish->n_caches; i++)
		add_path(paths, wish->caches[i], LANDLOCK_READ | LANDLOCK_WRITE);
	if (wish->inner_program)
		add_path(paths, wish->inner_program, LANDLOCK_READ | LANDLOCK_EXECUTE);
	for (size_t i = 0; i < wish->n_sockets; i++) {
		autofree char *dir = NULL;

		if (!str_starts_with(wish->sockets[i], SOCKET_UNIX))
			continue;
		dir = path_dir(wish->sockets[i] + strlen(SOCKET_UNIX));
		add_path(paths, dir, LANDLOCK_READ);
	}
	for (size_t i = 0; wish->n_sockets && i < sizeof(resolver) / sizeof(resolver[0]); i++)
		add_path(paths, resolver[i], LANDLOCK_READ);
}

/* Has the prefix program anything that compilers must not have? */
static bool has_inner(const struct confine_wish *wish)
{
	return wish->inner_program && (wish->n_caches || wish->n_sockets);
}

/* The first n_inner paths are for compilers, too. */
static int make_rules(struct confine *confine, const struct confine_wish *wish,
		      const struct paths *paths, size_t n_inner,
		      struct err *err)
{
	if (!landlock_abi())
		return err_set(err, ERR_PRIVILEGES, "the kernel has no Landlock");
	if (!paths->n)
		return 0;
	if (has_inner(wish) && landlock_make(paths->all, n_inner, &confine->inner.rules_fd, err) < 0)
		return -1;
	if (landlock_make(paths->all, paths->n, &confine->rules_fd, err) < 0)
		return -1;
	for (size_t i = 0; i < wish->n_sockets; i++)
		if (!str_starts_with(wish->sockets[i], SOCKET_UNIX) &&
		    landlock_allow_port(confine->rules_fd, atoi(strrchr(wish->sockets[i], ':') + 1), err) < 0)
			return -1;
	return 0;
}

static int make_filters(struct confine *confine, const struct confine_wish *wish, struct err *err)
{
	bool no_signals = !landlock_stops_signals();
	autobuf inner = BUF_INIT;

	if (sysfilter_make(&confine->filter, no_signals, wish->n_sockets, err) < 0)
		return -1;
	if (!has_inner(wish) || !wish->n_sockets)
		return 0;		/* the same for both */
	return sysfilter_make(&inner, no_signals, false, err) < 0 ? -1 : inner_keep_filter(&confine->inner, &inner, err);
}

/* The limit of processes counts all of a user's: what runs now is not the jobs'. */
static int count_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uid_t uid = getuid();
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_uid == uid)
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

static int64_t machine_memory(void)
{
	int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

	return bytes > MEMORY_MIN ? bytes : MEMORY_MIN;
}

/* A layer that is missing: an error with --sandbox=require, else a word in the list. */
static int miss(struct confine *confine, const struct err *reason, struct err *err)
{
	confine->complete = false;
	if (confine->mode == CONFINE_REQUIRE)
		return err_set(err, ERR_PRIVILEGES, "--sandbox=require: %s", reason->text);
	log_debug("compilers are less confined: %s", reason->text);
	return 0;
}

static void add_layer(struct confine *confine, const char *name)
{
	size_t len = strlen(confine->layers);

	snprintf(confine->layers + len, sizeof(confine->layers) - len, "%s%s", len ? ", " : "", name);
}

int confine_make(struct confine *confine, const struct confine_wish *wish, const char *work_dir,
		 struct err *err)
{
	struct err reason = ERR_INIT;
	struct paths paths = { NULL, NULL, 0 };
	char name[32];
	size_t n_inner = 0;
	int made;

	*confine = (struct confine)CONFINE_INIT;
	confine->mode = wish->mode;
	if (work_dir) {
		add_path(&paths, work_dir, LANDLOCK_READ | LANDLOCK_WRITE);
		add_all(&paths, wish);
		n_inner = paths.n;
		add_for_prefix(&paths, wish);
	}
	for (size_t i = 1; i < paths.n; i++)
		argv_add(&confine->paths, paths.texts[i]);
	made = wish->mode == CONFINE_OFF ? 0 : make_rules(confine, wish, &paths, n_inner, &reason);
	release_paths(&paths);
	if (wish->mode == CONFINE_OFF)
		return 0;
	confine->layers[0] = '\0';
	confine->complete = true;
	if (made == 0) {
		snprintf(name, sizeof(name), "landlock %d", landlock_abi());
		add_layer(confine, name);
	} else if (miss(confine, &reason, err) < 0) {
		return -1;
	}
	if (make_filters(confine, wish, &reason) == 0) {
		add_layer(confine, "seccomp");
	} else if (miss(confine, &reason, err) < 0) {
		return -1;
	}
	add_layer(confine, "no_new_privs, limits");
	confine->memory_bytes = wish->memory_bytes ? wish->memory_bytes : machine_memory();
	confine->cpu_s = wish->cpu_s ? wish->cpu_s : CPU_S;
	confine->n_processes = count_processes() + PROCESSES_SPARE + PROCESSES_PER_JOB * wish->jobs;
	return 0;
}

void confine_release(struct confine *confine)
{
	if (confine->rules_fd >= 0)
		close(confine->rules_fd);
	inner_release(&confine->inner);
	argv_release(&confine->paths);
	buf_release(&confine->filter);
	*confine = (struct confine)CONFINE_INIT;
}

/* Never above what is set already: a lower hard limit is somebody's wish. */
static int limit(int what, rlim_t value)
{
	struct rlimit old, new;

	if (getrlimit((__rlimit_resource_t)what, &old) < 0)
		return -1;
	new.rlim_max = old.rlim_max == RLIM_INFINITY || old.rlim_max > value ? value : old.rlim_max;
	new.rlim_cur = new.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &new);
}

int confine_enter(const struct confine *confine)
{
	if (confine->mode == CONFINE_OFF)
		return 0;
	if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_AS, (rlim_t)confine->memory_bytes) < 0 ||
	    limit(RLIMIT_FSIZE, FILE_SIZE_MAX) < 0 || limit(RLIMIT_NPROC, (rlim_t)confine->n_processes) < 0 ||
	    limit(RLIMIT_CPU, (rlim_t)confine->cpu_s) < 0 || limit(RLIMIT_NOFILE, FILES_OPEN_MAX) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || inner_pass(&confine->inner) < 0)
		return -1;
	if (confine->rules_fd >= 0 && landlock_enter(confine->rules_fd) < 0)
		return -1;
	if (confine->filter.len && sysfilter_enter(&confine->filter) < 0)
		return -1;
	return 0;
}
