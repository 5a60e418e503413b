/*
 * client/output.c - see output.h.
 *
 * The nameless file is linked straight to the final name. A name that exists is unlinked first, as
 * GNU as does; so there is never a temporary name that a SIGKILL could leave behind, and a reader
 * sees the old object, none, or the new one.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

enum { PLACE_ATTEMPTS = 10 };

static int open_nameless(const char *name)
{
#ifdef O_TMPFILE
	autofree char *dir = path_dir(name);

	return open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
#else
	(void)name;
	errno = EOPNOTSUPP;
	return -1;
#endif
}

int output_open(struct output *output, const char *name, struct err *err)
{
	struct stat st;

	*output = (struct output)OUTPUT_INIT;
	output->name = name;
	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
		output->in_place = 1;
		output->fd = open(name, O_WRONLY | O_CLOEXEC);
	} else {
		output->fd = open_nameless(name);
		if (output->fd < 0 && errno != ENOENT && errno != EACCES && errno != EROFS &&
		    errno != ENOTDIR) {
			output->temporary = str_format("%s.distcc-%ld", name, (long)getpid());
			output->fd = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		}
	}
	if (output->fd < 0)
		return err_sys(err, ERR_NO_FILE, "cannot write '%s'", name);
	return 0;
}

static int place_nameless(const struct output *output)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", output->fd);
	for (int i = 0; i < PLACE_ATTEMPTS; i++) {
		if (linkat(AT_FDCWD, link, AT_FDCWD, output->name, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		/* EEXIST: another compile of the same name may be at it, too; the last one wins. */
		if (errno != EEXIST || (unlink(output->name) < 0 && errno != ENOENT))
			return -1;
	}
	return -1;
}

/* Without /proc a nameless file cannot be given a name by an ordinary user: copy it. */
static int place_copy(const struct output *output)
{
	autofree char *temporary = str_format("%s.distcc-%ld", output->name, (long)getpid());
	autoclose int to = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	off_t size = lseek(output->fd, 0, SEEK_END);

	if (to < 0)
		return -1;
	if (size < 0 || fd_send_file(to, output->fd, (size_t)size, -1, NULL) < 0 ||
	    rename(temporary, output->name) < 0) {
		unlink(temporary);
		return -1;
	}
	return 0;
}

int output_place(struct output *output, struct err *err)
{
	int result = 0;

	if (output->temporary) {
		result = rename(output->temporary, output->name);
		if (result == 0)
			*output->temporary = '\0';
	} else if (!output->in_place) {
		result = place_nameless(output);
		if (result < 0 && access("/proc/self/fd", X_OK) < 0)
			result = place_copy(output);
	}
	if (result < 0)
		return err_sys(err, ERR_IO, "cannot put '%s' in place", output->name);
	return 0;
}

void output_close(struct output *output)
{
	if (output->temporary && *output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	fd_close(&output->fd);
	*output = (struct output)OUTPUT_INIT;
}
