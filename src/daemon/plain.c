/* daemon/plain.c - see plain.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/plain.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "compiler/family.h"
#include "compiler/language.h"
#include "wire/compress.h"
#include "wire/version.h"

enum { SOURCE_MAX = 1 << 30 };

/* The client's own base name where that is harmless, so that messages make sense. */
static char *source_name(const char *input_name, enum language language)
{
	const char *extension = language_preprocessed_extension(language);
	autofree char *stem = path_with_extension(path_base(input_name), "");

	if (!*stem || stem[0] == '-' || stem[0] == '.' || strlen(stem) > 200 || strchr(stem, '/'))
		return str_format("source%s", extension);
	return str_format("%s%s", stem, extension);
}

static int write_source(const struct request *request, int dir_fd, const char *name, struct err *err)
{
	autobuf expanded = BUF_INIT;
	const struct buf *text = &request->source;
	autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot write the source");
	if (request->version == PROTOCOL_LZO) {
		if (lzo_expand(&expanded, text->data, text->len, SOURCE_MAX, err) < 0)
			return -1;
		text = &expanded;
	}
	if (text->len && fd_write_full(fd, text->data, text->len, -1, err) < 0)
		return -1;
	return 0;
}

/*
 * Where the text does not say where it comes from, debug information names the compiler's working directory.
 * That of a job means nothing to anybody and is another one next time. A distccd of 3.4 works in $TMPDIR,
 * so that is what the same job gives everywhere; a cache behind the server needs it, too.
 */
static void name_one_directory(struct argv *argv, const char *dir)
{
	autofree char *here = getcwd(NULL, 0), *real = realpath(dir, NULL);
	bool has_debug = false;

	for (size_t i = 1; i < argv->n; i++)
		has_debug |= str_starts_with(argv->words[i], "-g");
	if (has_debug && here && real && family_of_name(argv->words[0]) != FAMILY_UNKNOWN)
		argv_add_format(argv, "-fdebug-prefix-map=%s=%s", real, here);
}

int plain_prepare(struct request *request, const struct scan_request *scan, const char *dir,
		  int dir_fd, const char *object_name,
		  struct err *err)
{
	struct argv *argv = &request->argv;
	autofree char *name = source_name(argv->words[scan->input_at], scan->language),
		      *source = path_join(dir, name);
	autofree char *object = path_join(dir, object_name);

	if (write_source(request, dir_fd, name, err) < 0)
		return -1;
	argv_replace(argv, scan->input_at, source);
	scan_request_redirect(scan, argv, object);
	name_one_directory(argv, dir);
	return 0;
}
