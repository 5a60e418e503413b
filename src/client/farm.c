/* client/farm.c - see farm.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/farm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "state/found.h"
#include "state/statedir.h"

enum {
	HELPER_MS = 2000,		/* it says what it has after 1.5 s */
	PATH_LEN = 4096
};

/* Beside this program, where it was built or moved to, else where it was installed. */
static char *find_lsdistcc(void)
{
	char self[PATH_LEN];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len > 0) {
		autofree char *dir = NULL;
		char *beside;

		self[len] = '\0';
		dir = path_dir(self);
		beside = path_join(dir, "lsdistcc");
		if (access(beside, X_OK) == 0)
			return beside;
		free(beside);
	}
	return mem_strdup(BINDIR "/lsdistcc");
}

/* One that does not end in time may still make the list: that is what counts. */
static int await_helper(struct proc *proc, struct err *err)
{
	int status = 0;

	if (proc_wait(proc, deadline_after_ms(HELPER_MS), &status, NULL, err) < 0)
		return err && err->code == ERR_TIMEOUT ? 0 : -1;
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == ERR_BUSY))
		return 0;
	return err_set(err, ERR_FAILED,
		       "lsdistcc, which looks for servers, has failed: is it of this release?");
}

/* Returns when there is a list to read, or another client's helper makes one. */
static int start_helper(const char *dir, struct err *err)
{
	autofree char *program = find_lsdistcc(), *dir_word = mem_strdup(dir);
	char *argv[] = { program, (char[]){ "--zeroconf" }, dir_word, NULL };
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;

	if (!*ZEROCONF_LINE)
		return err_set(err, ERR_FAILED, "this build cannot look for servers: avahi-client was missing, or --without-avahi");
	if (access(program, X_OK) < 0)
		return err_set(err, ERR_FAILED, "there is no %s, which looks for servers", program);
	spec.argv = argv;
	spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = null_fd;
	return proc_start(&proc, &spec, err) < 0 ? -1 : await_helper(&proc, err);
}

/* A list without hosts says in its first line why. */
static int say_why(const struct buf *text, struct err *err)
{
	const char *line = text->len ? text->data : "";
	size_t len = strcspn(line, "\n");

	if (strncmp(line, "# ", 2) != 0)
		return err_set(err, ERR_NO_HOSTS, "no server has announced itself yet");
	return err_set(err, ERR_NO_HOSTS, "%.*s", (int)(len - 2), line + 2);
}

static int find_servers(struct host_list *found, struct err *err)
{
	autofree char *dir = statedir_get("zeroconf", err), *absolute = dir ? path_absolute(dir) : NULL;
	autobuf text = BUF_INIT;

	if (!absolute || (!found_is_kept(absolute) && start_helper(absolute, err) < 0) ||
	    found_read(absolute, HELPER_MS, &text, err) < 0)
		return -1;
	if (host_list_parse(found, text.len ? text.data : "", err) < 0)
		return err_prefix(err, "%s/hosts", absolute);
	return found->n_hosts ? 0 : say_why(&text, err);
}

int farm_load(struct host_list *list, char **source, struct err *nobody, struct err *err)
{
	struct host_list found = HOST_LIST_INIT;

	err_clear(nobody);
	if (hosts_load(list, source, err) < 0)
		return -1;
	if (!list->zeroconf)
		return 0;
	if (find_servers(&found, nobody) < 0) {
		err_prefix(nobody, "+zeroconf");
		log_info("%s", nobody->text);
	}
	host_list_insert_found(list, &found);
	host_list_release(&found);
	if (list->randomize)
		host_list_shuffle(list, (unsigned)getpid());
	return 0;
}
