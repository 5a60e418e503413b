/* base/err.h - what went wrong: a code for the program, a sentence for the user. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The values are the exit statuses that the manual promises (distcc(1), "EXIT STATUS");
 * they are those of distcc 3.4, which build scripts test for.
 */
enum err_code {
	ERR_NONE = 0,
	ERR_FAILED = 100,		/* anything without a better code */
	ERR_USAGE = 101,		/* bad arguments or a bad setting */
	ERR_BIND = 102,			/* cannot listen */
	ERR_CONNECT = 103,		/* cannot reach a server, name resolution included */
	ERR_CRASHED = 104,
	ERR_MEMORY = 105,
	ERR_HOSTSPEC = 106,		/* the host list cannot be understood */
	ERR_IO = 107,
	ERR_TRUNCATED = 108,		/* the peer closed in the middle */
	ERR_PROTOCOL = 109,		/* the peer said something else than the protocol */
	ERR_NO_COMPILER = 110,
	ERR_RECURSION = 111,
	ERR_PRIVILEGES = 112,
	ERR_DENIED = 113,
	ERR_BUSY = 114,
	ERR_NO_FILE = 115,
	ERR_NO_HOSTS = 116,
	ERR_GONE = 117,
	ERR_TIMEOUT = 118,
	ERR_AUTH = 119,
	ERR_CPP_LOCAL = 120		/* preprocessing only: never leaves this machine */
};

enum { ERR_TEXT_MAX = 512 };

struct err {
	enum err_code code;
	int sys_errno;			/* errno of the failing call, or 0 */
	char text[ERR_TEXT_MAX];	/* one sentence, no newline, control characters escaped */
};

#define ERR_INIT { ERR_NONE, 0, "" }

/* Each returns -1, so that a failure is one line: return err_set(err, ...). err may be NULL. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno at the end; keeps errno in sys_errno. */
int err_sys(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the sentence that is there. */
int err_prefix(struct err *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/* The exit status for main(): 0 for ERR_NONE, else the code's own number. */
int err_exit_status(const struct err *err);

/* "connect", "timeout", ...: the code in one lower-case word, for --status and logs. */
const char *err_code_name(enum err_code code);

#endif
