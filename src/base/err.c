/* base/err.c - see err.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* No newline and no control character of a peer's gets into a sentence. */
static void sanitise(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	err->code = code;
	err->sys_errno = 0;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	sanitise(err->text);
	return -1;
}

int err_sys(struct err *err, enum err_code code, const char *format, ...)
{
	int saved = errno;
	va_list args;
	size_t len;

	if (!err)
		return -1;
	err->code = code;
	err->sys_errno = saved;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(saved));
	sanitise(err->text);
	errno = saved;
	return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char rest[ERR_TEXT_MAX];
	va_list args;
	size_t len;

	if (!err)
		return -1;
	memcpy(rest, err->text, sizeof(rest));
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", rest);
	sanitise(err->text);
	return -1;
}

void err_clear(struct err *err)
{
	err->code = ERR_NONE;
	err->sys_errno = 0;
	err->text[0] = '\0';
}

int err_exit_status(const struct err *err)
{
	return (int)err->code;
}

const char *err_code_name(enum err_code code)
{
	switch (code) {
	case ERR_NONE: return "ok";
	case ERR_FAILED: return "failed";
	case ERR_USAGE: return "usage";
	case ERR_BIND: return "bind";
	case ERR_CONNECT: return "connect";
	case ERR_CRASHED: return "crashed";
	case ERR_MEMORY: return "memory";
	case ERR_HOSTSPEC: return "hostspec";
	case ERR_IO: return "io";
	case ERR_TRUNCATED: return "truncated";
	case ERR_PROTOCOL: return "protocol";
	case ERR_NO_COMPILER: return "no-compiler";
	case ERR_RECURSION: return "recursion";
	case ERR_PRIVILEGES: return "privileges";
	case ERR_DENIED: return "denied";
	case ERR_BUSY: return "busy";
	case ERR_NO_FILE: return "no-file";
	case ERR_NO_HOSTS: return "no-hosts";
	case ERR_GONE: return "gone";
	case ERR_TIMEOUT: return "timeout";
	case ERR_AUTH: return "auth";
	case ERR_CPP_LOCAL: return "cpp-local";
	}
	return "unknown";
}
