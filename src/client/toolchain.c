/* client/toolchain.c - see toolchain.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/toolchain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/tmp.h"
#include "client/probe.h"
#include "compiler/machine.h"
#include "compiler/object.h"

/* Our own ELF header, where the linker tells where it is. */
extern const unsigned char own_header[] __asm__("__ehdr_start") __attribute__((weak, visibility("hidden")));

static bool own_kind(struct object_kind *kind)
{
	const unsigned char *header = own_header;

	return header && object_kind_read(kind, header, OBJECT_HEAD_LEN);
}

/* "gcc", "clang++-14", "x86_64-linux-gnu-g++": the compiler of the machine that we were built for. */
static bool is_native(const char *compiler)
{
	const char *name = path_base(compiler);
	static const char *const names[] = { "gcc", "g++", "cc", "c++", "clang", "clang++" };

	if (str_starts_with(name, NATIVE_TRIPLE "-"))
		name += strlen(NATIVE_TRIPLE "-");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(name, names[i], len) == 0 &&
		    strspn(name + len, "-.0123456789") == strlen(name + len))
			return true;
	}
	return false;
}

static bool names_a_target(const struct argv *question)
{
	static const char *const words[] = { "-m32", "-m64", "-mx32", "-m16", "-mbig-endian", "-mlittle-endian", "-EB", "-EL" };

	for (size_t i = 1; i < question->n; i++) {
		if (str_starts_with(question->words[i], "--target=") ||
		    (strcmp(question->words[i], "-target") == 0 &&
		     !str_equal(question->words[i + 1], NATIVE_TRIPLE)) ||
		    str_starts_with(question->words[i], "-mabi="))
			return true;
		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			if (strcmp(question->words[i], words[j]) == 0)
				return true;
	}
	return false;
}

/* The answer is the first bytes of an object, in words. */
static int ask(const struct argv *question, struct buf *answer, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;
	autoargv command = ARGV_INIT;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC),
		      object_fd = tmp_memory("distcc-reference", err);
	unsigned char head[OBJECT_HEAD_LEN];
	struct object_kind kind;
	int status;

	if (object_fd < 0)
		return -1;
	argv_add_all(&command, question->words);
	argv_add(&command, "-o");
	argv_add_format(&command, "/proc/self/fd/%d", object_fd);
	fd_set_cloexec(object_fd, false);
	spec.argv = command.words;
	spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = null_fd;
	spec.own_group = true;
	if (proc_start(&proc, &spec, err) < 0 || proc_wait(&proc, deadline_never(), &status, NULL, err) < 0)
		return -1;
	if (status || pread(object_fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    !object_kind_read(&kind, head, sizeof(head)))
		return err_set(err, ERR_FAILED, "'%s' makes no ELF object here", question->words[0]);
	buf_add_format(answer, "class=%d data=%d machine=%d\n", kind.elf_class, kind.data, kind.machine);
	return 0;
}

static bool reference_kind(const struct argv *question, struct object_kind *kind)
{
	autobuf answer = BUF_INIT;
	struct err err = ERR_INIT;

	if (probe(question, ask, &answer, &err) < 0) {
		log_debug("%s", err.text);
		return false;
	}
	return sscanf(answer.data, "class=%d data=%d machine=%d", &kind->elf_class, &kind->data,
		      &kind->machine) == 3;
}

/* An empty source in C, with all options that concern the target. */
static void make_question(const struct scan *scan, struct argv *out)
{
	machine_words(scan, out);
	argv_add(out, "-c");
	argv_add(out, "-x");
	argv_add(out, "c");
	argv_add(out, "/dev/null");
}

/* "Compilers" that write no object are none of our business, and clang's bitcode has no ELF header. */
static bool makes_an_object(const struct scan *scan)
{
	return !scan->is_assembly_text && !scan->is_lto;
}

bool toolchain_expect(const struct scan *scan, bool ask, char expected[OBJECT_KIND_TEXT_MAX])
{
	autoargv question = ARGV_INIT;
	struct object_kind kind;

	if (!makes_an_object(scan))
		return false;
	make_question(scan, &question);
	if (ask ? !reference_kind(&question, &kind) :
		  !is_native(scan->command.words[0]) || names_a_target(&question) ||
			    !own_kind(&kind))
		return false;
	object_kind_format(&kind, expected);
	return true;
}

int toolchain_check(const struct scan *scan, const struct buf *object, struct err *err)
{
	autoargv question = ARGV_INIT;
	struct object_kind got = { 0, 0, 0 }, own, wanted;
	bool is_elf = object_kind_read(&got, object->data, object->len);

	if (!makes_an_object(scan) || !object->len)
		return 0;
	make_question(scan, &question);
	if (is_elf && is_native(scan->command.words[0]) && !names_a_target(&question) &&
	    own_kind(&own) && object_kind_equal(&got, &own))
		return 0;
	if (!reference_kind(&question, &wanted) || (is_elf && object_kind_equal(&got, &wanted)))
		return 0;
	if (!is_elf)
		return err_set(err, ERR_PROTOCOL, "its %s makes something else than an ELF object",
			       path_base(scan->command.words[0]));
	return err_set(err, ERR_PROTOCOL, "its %s makes objects for another machine (ELF machine %d with %d bits, not %d with %d)",
		       path_base(scan->command.words[0]), got.machine, 32 * got.elf_class,
			       wanted.machine, 32 * wanted.elf_class);
}
