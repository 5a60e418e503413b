/* net/accept-gssapi.c - the server's side of auth.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/auth.h"

#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/gssapi.h"

struct auth_service {
	struct gssapi library;
	gss_cred_id_t credentials;
};

static int acquire(struct auth_service *service, const char *principal, struct err *err)
{
	gss_buffer_desc text = { strlen(principal), (void *)(uintptr_t)principal };
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major, minor, ignored;

	major = service->library.import_name(&minor, &text, strchr(principal, '@') ? service->library.hostbased_service : service->library.user_name,
					     &name);
	if (!GSS_ERROR(major)) {
		major = service->library.acquire_cred(&minor, name, GSS_C_INDEFINITE,
						      GSS_C_NO_OID_SET, GSS_C_ACCEPT,
						      &service->credentials, NULL, NULL);
		service->library.release_name(&ignored, &name);
	}
	return GSS_ERROR(major) ? gssapi_failed(&service->library, principal, major, minor, err) : 0;
}

struct auth_service *auth_service_open(const char *principal, struct err *err)
{
	struct auth_service *service = mem_alloc(sizeof(*service));

	if (gssapi_load(&service->library, err) == 0 && acquire(service, principal, err) == 0)
		return service;
	mem_autofree(&service);
	return NULL;
}

static char *name_of(const struct gssapi *library, gss_name_t name)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	char *copy = NULL;

	if (!GSS_ERROR(library->display_name(&minor, name, &text, NULL)))
		copy = mem_strndup(text.value, text.length);
	library->release_buffer(&minor, &text);
	return copy;
}

static int make_context(const struct auth_service *service, gss_ctx_id_t *context,
			gss_name_t *client, const struct auth_ends *ends,
			struct err *err)
{
	const struct gssapi *library = &service->library;
	autobuf received = BUF_INIT;
	OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, ignored, flags = 0;

	for (int i = 0; major == GSS_S_CONTINUE_NEEDED; i++) {
		gss_buffer_desc in, out = GSS_C_EMPTY_BUFFER;
		int sent = 0;

		if (i == GSSAPI_ROUNDS_MAX)
			return err_set(err, ERR_AUTH, "the client goes on authenticating");
		if (gssapi_receive(ends->in_fd, &received, ends->idle_ms, err) < 0)
			return -1;
		in = (gss_buffer_desc){ received.len, received.data };
		major = library->accept_sec_context(&minor, context, service->credentials, &in,
						    GSS_C_NO_CHANNEL_BINDINGS, client, NULL, &out,
						    &flags, NULL, NULL);
		if (out.length)
			sent = gssapi_send(ends->out_fd, &out, ends->idle_ms, err);
		library->release_buffer(&ignored, &out);
		if (GSS_ERROR(major))
			return gssapi_failed(library, "the client cannot be authenticated", major,
					     minor, err);
		if (sent < 0)
			return -1;
	}
	if ((flags & GSSAPI_FLAGS) != GSSAPI_FLAGS)
		return err_set(err, ERR_AUTH, "the client does not want mutual authentication with replay and sequence detection");
	return 0;
}

int auth_accept(const struct auth_service *service, const struct auth_ends *ends, char **principal,
		struct err *err)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_name_t client = GSS_C_NO_NAME;
	OM_uint32 minor;
	int result = make_context(service, &context, &client, ends, err);

	*principal = result == 0 ? name_of(&service->library, client) : NULL;
	if (result == 0 && !*principal)
		result = err_set(err, ERR_AUTH, "the client's principal has no name");
	if (client != GSS_C_NO_NAME)
		service->library.release_name(&minor, &client);
	/* Only the proof was wanted; what follows is in the clear. */
	service->library.delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	return result;
}
