/* client/mirror.c - see mirror.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/mirror.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "wire/request.h"

enum {
	ANSWER_MS = 10000,		/* the include server's own limit for one analysis is a second */
	NAMES_MAX = 1000000,
	NAME_LEN_MAX = 2 * PATH_MAX
};

static int read_token(int fd, const char *name, uint32_t max, uint32_t *value, struct err *err)
{
	char token[TOKEN_LEN];

	if (fd_read_full(fd, token, sizeof(token), ANSWER_MS, err) < 0 ||
	    token_decode(token, name, value, err) < 0)
		return -1;
	return *value > max ? err_set(err, ERR_PROTOCOL, "%s is %u", name, *value) : 0;
}

int mirror_ask(struct argv *names, const struct argv *command, struct err *err)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");
	autofree char *cwd = getcwd(NULL, 0);
	autobuf request = BUF_INIT;
	autoclose int fd = -1;
	struct sock_addr addr;
	uint32_t n, len;

	if (!cwd)
		return err_sys(err, ERR_NO_FILE, "cannot tell the working directory");
	if (sock_addr_unix(&addr, port, err) < 0 ||
	    sock_connect(&addr, deadline_after_ms(ANSWER_MS), &fd, err) < 0)
		return -1;
	request_encode_head(&request, 0, cwd, command);
	/* a request to the include server has no DIST */
	if (fd_write_full(fd, request.data + TOKEN_LEN, request.len - TOKEN_LEN, ANSWER_MS, err) < 0 ||
	    read_token(fd, "ARGC", NAMES_MAX, &n, err) < 0)
		return -1;
	while (n--) {
		char name[NAME_LEN_MAX + 1];

		if (read_token(fd, "ARGV", NAME_LEN_MAX, &len, err) < 0 ||
		    fd_read_full(fd, name, len, ANSWER_MS, err) < 0)
			return -1;
		name[len] = '\0';
		argv_add(names, name);
	}
	return 0;
}

char *mirror_visible_name(const char *name)
{
	char *visible;

	for (int i = 0; i < 3 && name[0] == '/'; i++) {
		const char *slash = strchr(name + 1, '/');

		if (!slash)
			break;
		name = slash;
	}
	visible = mem_strdup(name);
	if (str_ends_with(visible, ".abs"))
		visible[strlen(visible) - 4] = '\0';
	if (str_ends_with(visible, ".lzo"))
		visible[strlen(visible) - 4] = '\0';
	return visible;
}

/* A link of many "../" and its own name: it leads to the server's own directory. */
static bool leads_to_itself(const char *target, const char *visible)
{
	size_t n = 0, depth = 0;

	for (; strncmp(target, "../", 3) == 0; target += 3)
		n++;
	for (const char *p = visible; *p; p++)
		depth += *p == '/';
	return n > depth && strcmp(target, visible + 1) == 0;
}

int mirror_look_at(const char *name, const char *visible, enum entry_kind *kind, char target[PATH_MAX], struct err *err)
{
	ssize_t len;
	struct stat st;

	if (str_ends_with(visible, MIRROR_PLACEHOLDER)) {
		*kind = ENTRY_PLACEHOLDER;
		return 0;
	}
	if (lstat(name, &st) < 0)
		return err_sys(err, ERR_IO, "stat '%s' failed", name);
	*kind = ENTRY_FILE;
	if (!S_ISLNK(st.st_mode))
		return 0;
	len = readlink(name, target, PATH_MAX - 1);
	if (len < 0)
		return err_sys(err, ERR_IO, "cannot read the link '%s'", name);
	target[len] = '\0';
	*kind = leads_to_itself(target, visible) ? ENTRY_SYSTEM_DIR : ENTRY_LINK;
	return 0;
}
