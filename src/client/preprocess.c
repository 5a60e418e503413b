/* client/preprocess.c - see preprocess.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/preprocess.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tmp.h"

int preprocess_start(struct preprocess *cpp, const struct scan *scan, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoargv command = ARGV_INIT;
	autoclose int null_fd = -1;

	if (cpp->started)
		return 0;
	if (language_is_preprocessed(scan->language)) {
		cpp->text_fd = open(scan->command.words[scan->input_at], O_RDONLY | O_CLOEXEC);
		if (cpp->text_fd < 0)
			return err_sys(err, ERR_NO_FILE, "cannot open '%s'", scan->command.words[scan->input_at]);
		cpp->started = true;
		return 0;
	}
	scan_preprocess_command(scan, &command);
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cpp->text_fd = tmp_memory("distcc-cpp", err);
	cpp->stderr_fd = cpp->text_fd < 0 ? -1 : tmp_memory("distcc-cpp-stderr", err);
	if (cpp->stderr_fd < 0)
		return -1;
	spec.argv = command.words;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = cpp->text_fd;
	spec.stderr_fd = cpp->stderr_fd;
	spec.own_group = true;
	if (log_get_level() >= LOG_LEVEL_DEBUG) {
		autofree char *printable = argv_printable(&command);

		log_debug("preprocess: %s", printable);
	}
	if (proc_start(&cpp->proc, &spec, err) < 0)
		return -1;
	cpp->started = true;
	return 0;
}

int preprocess_finish(struct preprocess *cpp, struct err *err)
{
	struct stat st;
	void *text;

	if (cpp->finished)
		return 0;
	if (cpp->proc.pid > 0 && proc_wait(&cpp->proc, deadline_never(), &cpp->status, NULL, err) < 0)
		return -1;
	if (fstat(cpp->text_fd, &st) < 0)
		return err_sys(err, ERR_IO, "cannot look at the preprocessed text");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "the source is no regular file");
	cpp->text = "";
	cpp->text_len = (size_t)st.st_size;
	if (cpp->text_len) {
		text = mmap(NULL, cpp->text_len, PROT_READ, MAP_PRIVATE, cpp->text_fd, 0);
		if (text == MAP_FAILED)
			return err_sys(err, ERR_IO, "cannot map the preprocessed text");
		cpp->text = text;
	}
	cpp->finished = true;
	return 0;
}

/* In the text such a directive stands inside a string literal of an asm statement. A word of the
 * program that looks the same costs a local compile, nothing worse. */
bool preprocess_needs_files(const struct preprocess *cpp)
{
	return memmem(cpp->text, cpp->text_len, ".incbin", 7) || memmem(cpp->text, cpp->text_len, ".include", 8);
}

void preprocess_release(struct preprocess *cpp)
{
	proc_kill(&cpp->proc);
	if (cpp->text_len && cpp->finished)
		munmap((void *)(size_t)cpp->text, cpp->text_len);
	fd_close(&cpp->text_fd);
	fd_close(&cpp->stderr_fd);
	*cpp = (struct preprocess)PREPROCESS_INIT;
}
