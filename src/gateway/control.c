/* gateway/control.c - see control.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sock.h"
#include "base/str.h"

enum { VISITORS_MAX = 8, VISIT_S = 20 };

/* root, or whoever we are: an administrator for us, a gateway to believe for the one who asks */
static bool is_trusted(int fd)
{
	struct sock_cred cred;

	return sock_peer_cred(fd, &cred) == 0 && (cred.uid == 0 || cred.uid == geteuid());
}

/* ------------------------------------------------------------------ asking */

static int make_socket(const char *path, struct sock_addr *addr, int *fd, struct err *err)
{
	if (sock_addr_unix(addr, path, err) < 0)
		return -1;
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd < 0 ? err_sys(err, ERR_FAILED, "cannot make a socket") : 0;
}

int control_connect(const char *path, int *out, struct err *err)
{
	struct sock_addr addr;
	autoclose int fd = -1;

	if (make_socket(path, &addr, &fd, err) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr.storage, addr.len) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ?
			err_sys(err, ERR_CONNECT, "no gateway answers at '%s' (is it running, and with this --control?)", path) :
			err_sys(err, ERR_CONNECT, "cannot reach the gateway's control socket '%s'", path);
	if (!is_trusted(fd))
		return err_set(err, ERR_CONNECT, "the gateway at '%s' is somebody else's", path);
	*out = fd_steal(&fd);
	return 0;
}

int control_send(int fd, enum control_operation operation, const char *text, struct err *err)
{
	struct control_request request;

	memset(&request, 0, sizeof(request));
	request.operation = operation;
	if (text && strlen(text) >= sizeof(request.text))
		return err_set(err, ERR_USAGE, "a host of %zu bytes is too long", strlen(text));
	str_copy(request.text, sizeof(request.text), text ? text : "");
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		return err_sys(err, ERR_CONNECT, "cannot ask the gateway");
	return 0;
}

int control_recv(int fd, struct control_answer *answer, int *answer_fd, struct err *err)
{
	if (fd_wait(fd, POLLIN, deadline_after_ms(CONTROL_ANSWER_MS)) <= 0)
		return err_set(err, ERR_TIMEOUT, "the gateway does not answer");
	if (fdpass_recv(fd, answer, sizeof(*answer), answer_fd, NULL) != (ssize_t)sizeof(*answer))
		return err_set(err, ERR_CONNECT, "the gateway has gone, or is of another release");
	answer->text[sizeof(answer->text) - 1] = '\0';
	return answer->ok ? 0 : err_set(err, ERR_DENIED, "%s", answer->text);
}

/* ------------------------------------------------------------------ the place */

static int check_place(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_sys(err, ERR_BIND, "cannot look at directory '%s'", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, ERR_BIND, "directory '%s' of the control socket must be yours alone (mode 0700): name another with --control", dir);
	return 0;
}

int control_listen(const char *path, int *out, struct err *err)
{
	autofree char *dir = path_dir(path);
	struct sock_addr addr;
	autoclose int fd = -1, probe = -1;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, ERR_BIND, "cannot make directory '%s' for the control socket", dir);
	if (check_place(dir, err) < 0 || make_socket(path, &addr, &fd, err) < 0 ||
	    make_socket(path, &addr, &probe, err) < 0)
		return -1;
	if (connect(probe, (struct sockaddr *)&addr.storage, addr.len) == 0)
		return err_set(err, ERR_BIND, "a gateway listens at '%s' already", path);
	if (errno == ECONNREFUSED)
		unlink(path);
	if (bind(fd, (struct sockaddr *)&addr.storage, addr.len) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, VISITORS_MAX) < 0)
		return err_sys(err, ERR_BIND, "cannot listen at '%s'", path);
	*out = fd_steal(&fd);
	return 0;
}

/* ------------------------------------------------------------------ being asked */

struct control_visitor {
	struct control *control;
	int fd;
	struct event *readable;
};

struct control {
	int listen_fd;
	struct event *acceptable;
	control_request_fn *on_request;
	void *context;
	struct control_visitor visitors[VISITORS_MAX];
};

static void dismiss(struct control_visitor *visitor)
{
	event_free(visitor->readable);
	visitor->readable = NULL;
	fd_close(&visitor->fd);
}

static void visitor_on_readable(evutil_socket_t fd, short what, void *context)
{
	struct control_visitor *visitor = context;
	struct control_request request;
	struct control_answer answer;
	int answer_fd = -1;

	if ((what & EV_TIMEOUT) ||
	    recv((int)fd, &request, sizeof(request), MSG_TRUNC) != (ssize_t)sizeof(request)) {
		dismiss(visitor);
		return;
	}
	request.text[sizeof(request.text) - 1] = '\0';
	memset(&answer, 0, sizeof(answer));
	visitor->control->on_request(visitor->control->context, visitor, &request, &answer, &answer_fd);
	control_say(visitor, &answer, answer_fd);
	fd_close(&answer_fd);
}

/* One who does not take an answer is not waited for: the end of the visit tells him. */
void control_say(struct control_visitor *visitor, const struct control_answer *answer, int fd)
{
	if (visitor->readable &&
	    fdpass_send(visitor->fd, answer, sizeof(*answer), fd) != (ssize_t)sizeof(*answer))
		dismiss(visitor);
}

static void control_on_acceptable(evutil_socket_t listen_fd, short what, void *context)
{
	static const struct timeval patience = { VISIT_S, 0 };
	struct control *control = context;
	int fd = accept4((int)listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0)
		return;
	if (!is_trusted(fd)) {
		log_warning("somebody else than root knocked at the control socket; turned away");
		fd_close(&fd);
		return;
	}
	for (int i = 0; i < VISITORS_MAX; i++) {
		struct control_visitor *visitor = &control->visitors[i];

		if (visitor->readable)
			continue;
		*visitor = (struct control_visitor){ control, fd, NULL };
		visitor->readable = event_new(event_get_base(control->acceptable), fd,
					      EV_READ | EV_PERSIST, visitor_on_readable, visitor);
		event_add(visitor->readable, &patience);
		return;
	}
	fd_close(&fd);
}

struct control *control_open(struct event_base *base, int listen_fd, control_request_fn *on_request,
			     void *context)
{
	struct control *control = mem_alloc(sizeof(*control));

	control->listen_fd = listen_fd;
	control->on_request = on_request;
	control->context = context;
	control->acceptable = event_new(base, listen_fd, EV_READ | EV_PERSIST,
					control_on_acceptable, control);
	event_add(control->acceptable, NULL);
	return control;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (int i = 0; i < VISITORS_MAX; i++)
		if (control->visitors[i].readable)
			dismiss(&control->visitors[i]);
	control_leave(control);
	free(control);
}

int control_listener(const struct control *control)
{
	return control->listen_fd;
}

void control_leave(struct control *control)
{
	if (control->acceptable)
		event_free(control->acceptable);
	control->acceptable = NULL;
	fd_close(&control->listen_fd);
}
