/* gateway/succession.c - see succession.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/succession.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/control.h"
#include "hosts/list.h"

enum { SOCKETS_MAX = 64 };

static void add_socket(struct succession *succession, const struct control_answer *answer, int *fd)
{
	succession->sockets = mem_resize(succession->sockets, succession->n_sockets + 1,
					 sizeof(*succession->sockets));
	succession->sockets[succession->n_sockets++] = (struct succession_socket){
		mem_strdup(answer->text), fd_steal(fd), answer->kind == CONTROL_INHERITED_LISTENER };
}

int succession_begin(struct succession *succession, const char *control_path, struct err *err)
{
	struct control_answer answer;
	struct err failure = ERR_INIT;

	if (control_connect(control_path, &succession->fd, &failure) < 0) {
		if (failure.sys_errno != ENOENT && failure.sys_errno != ECONNREFUSED) {
			*err = failure;
			return -1;
		}
		log_notice("no gateway runs here that could be replaced");
		return 0;
	}
	if (control_send(succession->fd, CONTROL_REPLACE, NULL, err) < 0)
		return -1;
	for (int i = 0; i <= SOCKETS_MAX; i++) {
		autoclose int fd = -1;

		if (control_recv(succession->fd, &answer, &fd, err) < 0)
			return err_prefix(err, "cannot replace the gateway");
		if (answer.kind == CONTROL_SELF) {
			succession->control_fd = fd_steal(&fd);
			return 0;
		}
		add_socket(succession, &answer, &fd);
	}
	return err_set(err, ERR_CONNECT, "the gateway has too many sockets");
}

int succession_take(struct succession *succession, const char *path, bool *inherited)
{
	for (size_t i = 0; i < succession->n_sockets; i++) {
		if (strcmp(succession->sockets[i].path, path) == 0 && succession->sockets[i].fd >= 0) {
			*inherited |= succession->sockets[i].inherited;
			return fd_steal(&succession->sockets[i].fd);
		}
	}
	return -1;
}

/* A line that is lost here is a change to make again; a gateway that is lost is worse. */
static void take_changes(int fd, struct buf *changes)
{
	struct err err = ERR_INIT;

	if (fd_read_all(fd, 2 * HOST_LIST_MAX, changes, &err) < 0)
		log_warning("what --add, --drain and --remove changed is lost: %s", err.text);
}

int succession_commit(struct succession *succession, int *trunk_fd, struct buf *changes, struct err *err)
{
	struct control_answer answer;
	autoclose int fd = -1;

	if (control_send(succession->fd, CONTROL_COMMIT, "changes", err) < 0 ||
	    control_recv(succession->fd, &answer, &fd, err) < 0)
		return -1;
	/* a gateway of an earlier release sends the line at once */
	if (answer.kind == CONTROL_CHANGES) {
		take_changes(fd, changes);
		fd_close(&fd);
		if (control_recv(succession->fd, &answer, &fd, err) < 0)
			return -1;
	}
	*trunk_fd = fd_steal(&fd);
	return *trunk_fd < 0 ? err_set(err, ERR_CONNECT, "the gateway did not hand over") : 0;
}

void succession_clean(const struct succession *succession)
{
	for (size_t i = 0; i < succession->n_sockets; i++)
		if (succession->sockets[i].fd >= 0 && !succession->sockets[i].inherited &&
		    succession->sockets[i].path[0] == '/')
			unlink(succession->sockets[i].path);
}

void succession_release(struct succession *succession)
{
	for (size_t i = 0; i < succession->n_sockets; i++) {
		free(succession->sockets[i].path);
		fd_close(&succession->sockets[i].fd);
	}
	free(succession->sockets);
	fd_close(&succession->fd);
	fd_close(&succession->control_fd);
	*succession = (struct succession)SUCCESSION_INIT;
}
