/* gateway/notify.c - see notify.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/str.h"

static const char *const lines[] = {
	[NOTIFY_READY] = "READY=1", [NOTIFY_RELOADING] = "RELOADING=1", [NOTIFY_STOPPING] = "STOPPING=1",
};

static int manager_address(const char *name, struct sockaddr_un *addr, socklen_t *len, struct err *err)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(addr->sun_path))
		return err_set(err, ERR_IO, "NOTIFY_SOCKET='%s' is no address of a service manager", name);
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, name, n);
	/* an abstract name begins with NUL and is as long as it is; a path ends with one */
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] == '/'));
	if (name[0] == '@')
		addr->sun_path[0] = '\0';
	return 0;
}

int notify_manager(enum notify_state state, const char *status, struct err *err)
{
	const char *name = env_get("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	struct timespec now;
	autobuf text = BUF_INIT;
	autoclose int fd = -1;
	socklen_t len = 0;

	if (!name)
		return 0;
	if (manager_address(name, &addr, &len, err) < 0)
		return -1;
	buf_add_format(&text, "%s\nMAINPID=%ld\nSTATUS=%s\n", lines[state], (long)getpid(), status);
	if (state == NOTIFY_RELOADING) {
		/* so that a manager knows which READY=1 answers it */
		clock_gettime(CLOCK_MONOTONIC, &now);
		buf_add_format(&text, "MONOTONIC_USEC=%lld\n", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, text.data, text.len, MSG_NOSIGNAL, (struct sockaddr *)&addr, len) < 0)
		return err_sys(err, ERR_IO, "cannot tell the service manager at '%s'", name);
	return 0;
}
