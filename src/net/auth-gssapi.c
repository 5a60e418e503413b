/*
 * net/auth-gssapi.c - see auth.h.
 *
 * The library is loaded when a host with ",auth" is dialled and not before: it brings six others, and
 * no other job uses them.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/auth.h"

#include <dlfcn.h>
#include <gssapi/gssapi.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/token.h"

enum {
	BYTE_MS = 1000,			/* a server without --auth would never send one */
	TOKEN_MAX = 1 << 20,		/* Kerberos tokens with many groups reach some 64 KiB */
	ROUNDS_MAX = 16
};

static const OM_uint32 wanted_flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;

struct library {
	void *handle;
	__typeof__(gss_import_name) *import_name;
	__typeof__(gss_release_name) *release_name;
	__typeof__(gss_init_sec_context) *init_sec_context;
	__typeof__(gss_delete_sec_context) *delete_sec_context;
	__typeof__(gss_display_status) *display_status;
	__typeof__(gss_release_buffer) *release_buffer;
	gss_OID hostbased_service, user_name;
};

static bool find(const struct library *library, const char *symbol, void *function)
{
	void *found = dlsym(library->handle, symbol);

	/* ISO C has no conversion from a data to a function pointer; POSIX promises that they are alike. */
	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

static int load(struct library *library, struct err *err)
{
	gss_OID *hostbased_service, *user_name;

	library->handle = dlopen(GSSAPI_LIBRARY, RTLD_NOW);
	if (!library->handle)
		return err_set(err, ERR_AUTH, "cannot load %s for ',auth': %s", GSSAPI_LIBRARY, dlerror());
	if (!find(library, "gss_import_name", &library->import_name) || !find(library, "gss_release_name", &library->release_name) ||
	    !find(library, "gss_init_sec_context", &library->init_sec_context) ||
	    !find(library, "gss_delete_sec_context", &library->delete_sec_context) ||
	    !find(library, "gss_display_status", &library->display_status) ||
	    !find(library, "gss_release_buffer", &library->release_buffer) ||
	    !find(library, "GSS_C_NT_HOSTBASED_SERVICE", &hostbased_service) || !find(library, "GSS_C_NT_USER_NAME", &user_name))
		return err_set(err, ERR_AUTH, "%s lacks a function of GSS-API", GSSAPI_LIBRARY);
	library->hostbased_service = *hostbased_service;
	library->user_name = *user_name;
	return 0;
}

/* The mechanism's own sentence ("Ticket expired"), else the general one. */
static int gss_failed(const struct library *library, const char *what, OM_uint32 major, OM_uint32 minor, struct err *err)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 ignored, more = 0;
	int result;

	library->display_status(&ignored, minor ? minor : major, minor ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
	result = err_set(err, ERR_AUTH, "%s: %.*s", what, (int)text.length, (const char *)text.value);
	library->release_buffer(&ignored, &text);
	return result;
}

/* --------------------------------------------------------------- whom we want to talk to */

static int name_of_peer(int fd, char name[NI_MAXHOST], struct err *err)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int failure;

	if (getpeername(fd, (struct sockaddr *)&address, &len) < 0)
		return err_sys(err, ERR_CONNECT, "cannot tell the address of the server");
	failure = getnameinfo((struct sockaddr *)&address, len, name, NI_MAXHOST, NULL, 0, NI_NAMEREQD);
	if (failure)
		return err_set(err, ERR_CONNECT, "the server's address has no name (%s): write ',auth=NAME'", gai_strerror(failure));
	return 0;
}

static int import_target(const struct library *library, const char *host, gss_name_t *target, struct err *err)
{
	const char *principal = env_get("DISTCC_PRINCIPAL");
	autofree char *text = principal ? str_format("%s@%s", principal, host) : str_format("host/%s", host);
	gss_buffer_desc name = { strlen(text), text };
	OM_uint32 minor, major;

	major = library->import_name(&minor, &name, principal ? library->hostbased_service : library->user_name, target);
	return GSS_ERROR(major) ? gss_failed(library, text, major, minor, err) : 0;
}

/* --------------------------------------------------------------- the exchange */

static int send_token(int fd, const gss_buffer_desc *token, int idle_ms, struct err *err)
{
	char head[TOKEN_LEN];

	token_encode(head, "TLEN", (uint32_t)token->length);
	if (fd_write_full(fd, head, sizeof(head), idle_ms, err) < 0)
		return -1;
	return fd_write_full(fd, token->value, token->length, idle_ms, err);
}

static int receive_token(int fd, struct buf *token, int idle_ms, struct err *err)
{
	char head[TOKEN_LEN];
	uint32_t len;

	if (fd_read_full(fd, head, sizeof(head), idle_ms, err) < 0 || token_decode(head, "TLEN", &len, err) < 0)
		return -1;
	if (len == 0 || len > TOKEN_MAX)
		return err_set(err, ERR_IO, "the server sends an authentication token of %lu bytes", (unsigned long)len);
	buf_clear(token);
	if (fd_read_full(fd, buf_reserve(token, len), len, idle_ms, err) < 0)
		return -1;
	token->len = len;
	return 0;
}

static int make_context(const struct library *library, gss_ctx_id_t *context, gss_name_t target, int fd, int idle_ms, struct err *err)
{
	autobuf received = BUF_INIT;
	OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, ignored, flags = 0;

	for (int i = 0; major == GSS_S_CONTINUE_NEEDED; i++) {
		gss_buffer_desc in = { received.len, received.data }, out = GSS_C_EMPTY_BUFFER;
		int sent = 0;

		if (i == ROUNDS_MAX)
			return err_set(err, ERR_AUTH, "the server goes on asking for authentication");
		major = library->init_sec_context(&minor, GSS_C_NO_CREDENTIAL, context, target, GSS_C_NO_OID, wanted_flags, 0,
						  GSS_C_NO_CHANNEL_BINDINGS, in.length ? &in : GSS_C_NO_BUFFER, NULL, &out, &flags, NULL);
		if (out.length)
			sent = send_token(fd, &out, idle_ms, err);
		library->release_buffer(&ignored, &out);
		if (GSS_ERROR(major))
			return gss_failed(library, "cannot authenticate", major, minor, err);
		if (sent < 0 || (major == GSS_S_CONTINUE_NEEDED && receive_token(fd, &received, idle_ms, err) < 0))
			return -1;
	}
	if ((flags & wanted_flags) != wanted_flags)
		return err_set(err, ERR_AUTH, "the server does not grant mutual authentication with replay and sequence detection");
	return 0;
}

/* The server's one byte, which must come soon. */
static int expect(int fd, char wanted, const char *silent, enum err_code code, const char *other, struct err *err)
{
	struct err cause = ERR_INIT;
	char byte;

	if (fd_read_full(fd, &byte, 1, BYTE_MS, &cause) < 0)
		return err_set(err, cause.code, "%s", cause.code == ERR_TIMEOUT ? silent : cause.text);
	return byte == wanted ? 0 : err_set(err, code, "%s", other);
}

static int exchange(const struct library *library, int fd, gss_name_t target, int idle_ms, struct err *err)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	OM_uint32 minor;
	int result;

	if (fd_write_full(fd, "*", 1, idle_ms, err) < 0 ||
	    expect(fd, '*', "timeout: does this server require authentication?", ERR_AUTH, "no handshake from the server", err) < 0)
		return -1;
	result = make_context(library, &context, target, fd, idle_ms, err);
	/* Only the proof was wanted; what follows is in the clear. */
	library->delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	if (result < 0)
		return -1;
	return expect(fd, 'y', "the server does not say whether we may come in", ERR_DENIED, "access denied by the server", err);
}

bool auth_is_built(void)
{
	return true;
}

int auth_prove(int fd, const char *name, int idle_ms, struct err *err)
{
	struct library library = { 0 };
	gss_name_t target = GSS_C_NO_NAME;
	char looked_up[NI_MAXHOST];
	OM_uint32 minor;
	int result = -1;

	if (!name && name_of_peer(fd, looked_up, err) < 0)
		return -1;
	if (load(&library, err) == 0 && import_target(&library, name ? name : looked_up, &target, err) == 0)
		result = exchange(&library, fd, target, idle_ms, err);
	if (target != GSS_C_NO_NAME)
		library.release_name(&minor, &target);
	/* The library stays: it may have registered something that runs at our end. */
	return result;
}
