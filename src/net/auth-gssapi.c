/* net/auth-gssapi.c - see auth.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/auth.h"

#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/gssapi.h"

enum { BYTE_MS = 1000 };		/* a server without --auth would never send one */

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
		return err_set(err, ERR_CONNECT,
			       "the server's address has no name (%s): write ',auth=NAME'",
			       gai_strerror(failure));
	return 0;
}

static int import_target(const struct gssapi *library, const char *host, gss_name_t *target, struct err *err)
{
	const char *principal = env_get("DISTCC_PRINCIPAL");
	autofree char *text = principal ? str_format("%s@%s", principal, host) : str_format("host/%s", host);
	gss_buffer_desc name = { strlen(text), text };
	OM_uint32 minor, major;

	major = library->import_name(&minor, &name,
				     principal ? library->hostbased_service : library->user_name,
				     target);
	return GSS_ERROR(major) ? gssapi_failed(library, text, major, minor, err) : 0;
}

/* --------------------------------------------------------------- the exchange */

static int make_context(const struct gssapi *library, gss_ctx_id_t *context, gss_name_t target,
			int fd, int idle_ms, struct err *err)
{
	autobuf received = BUF_INIT;
	OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, ignored, flags = 0;

	for (int i = 0; major == GSS_S_CONTINUE_NEEDED; i++) {
		gss_buffer_desc in = { received.len, received.data }, out = GSS_C_EMPTY_BUFFER;
		int sent = 0;

		if (i == GSSAPI_ROUNDS_MAX)
			return err_set(err, ERR_AUTH, "the server goes on asking for authentication");
		major = library->init_sec_context(&minor, GSS_C_NO_CREDENTIAL, context, target,
						  GSS_C_NO_OID, GSSAPI_FLAGS, 0,
						  GSS_C_NO_CHANNEL_BINDINGS, in.length ? &in : GSS_C_NO_BUFFER, NULL, &out, &flags, NULL);
		if (out.length)
			sent = gssapi_send(fd, &out, idle_ms, err);
		library->release_buffer(&ignored, &out);
		if (GSS_ERROR(major))
			return gssapi_failed(library, "cannot authenticate", major, minor, err);
		if (sent < 0 || (major == GSS_S_CONTINUE_NEEDED &&
				 gssapi_receive(fd, &received, idle_ms, err) < 0))
			return -1;
	}
	if ((flags & GSSAPI_FLAGS) != GSSAPI_FLAGS)
		return err_set(err, ERR_AUTH, "the server does not grant mutual authentication with replay and sequence detection");
	return 0;
}

/* The server's one byte, which must come soon. */
static int expect(int fd, char wanted, const char *silent, enum err_code code, const char *other,
		  struct err *err)
{
	struct err cause = ERR_INIT;
	char byte;

	if (fd_read_full(fd, &byte, 1, BYTE_MS, &cause) < 0)
		return err_set(err, cause.code, "%s", cause.code == ERR_TIMEOUT ? silent : cause.text);
	return byte == wanted ? 0 : err_set(err, code, "%s", other);
}

static int exchange(const struct gssapi *library, int fd, gss_name_t target, int idle_ms, struct err *err)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	OM_uint32 minor;
	int result;

	if (fd_write_full(fd, "*", 1, idle_ms, err) < 0 ||
	    expect(fd, '*', "timeout: does this server require authentication?", ERR_AUTH,
		   "no handshake from the server", err) < 0)
		return -1;
	result = make_context(library, &context, target, fd, idle_ms, err);
	/* Only the proof was wanted; what follows is in the clear. */
	library->delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	if (result < 0)
		return -1;
	return expect(fd, 'y', "the server does not say whether we may come in", ERR_DENIED,
		      "access denied by the server", err);
}

bool auth_is_built(void)
{
	return true;
}

int auth_prove(int fd, const char *name, int idle_ms, struct err *err)
{
	struct gssapi library = { 0 };
	gss_name_t target = GSS_C_NO_NAME;
	char looked_up[NI_MAXHOST];
	OM_uint32 minor;
	int result = -1;

	if (!name && name_of_peer(fd, looked_up, err) < 0)
		return -1;
	if (gssapi_load(&library, err) == 0 &&
	    import_target(&library, name ? name : looked_up, &target, err) == 0)
		result = exchange(&library, fd, target, idle_ms, err);
	if (target != GSS_C_NO_NAME)
		library.release_name(&minor, &target);
	return result;
}
