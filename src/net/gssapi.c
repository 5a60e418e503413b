/* net/gssapi.c - see gssapi.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/gssapi.h"

#include <dlfcn.h>
#include <string.h>

#include "base/fd.h"
#include "wire/token.h"

enum { TOKEN_MAX = 1 << 20 };		/* Kerberos tokens with many groups reach some 64 KiB */

static bool find(void *handle, const char *symbol, void *function)
{
	void *found = dlsym(handle, symbol);

	/* ISO C has no conversion from a data to a function pointer; POSIX promises that they are alike. */
	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

int gssapi_load(struct gssapi *library, struct err *err)
{
	void *handle = dlopen(GSSAPI_LIBRARY, RTLD_NOW);
	gss_OID *hostbased_service, *user_name;

	if (!handle)
		return err_set(err, ERR_AUTH, "cannot load %s: %s", GSSAPI_LIBRARY, dlerror());
	if (!find(handle, "gss_import_name", &library->import_name) ||
	    !find(handle, "gss_display_name", &library->display_name) ||
	    !find(handle, "gss_release_name", &library->release_name) ||
	    !find(handle, "gss_acquire_cred", &library->acquire_cred) ||
	    !find(handle, "gss_release_cred", &library->release_cred) ||
	    !find(handle, "gss_init_sec_context", &library->init_sec_context) ||
	    !find(handle, "gss_accept_sec_context", &library->accept_sec_context) ||
	    !find(handle, "gss_delete_sec_context", &library->delete_sec_context) ||
	    !find(handle, "gss_display_status", &library->display_status) ||
	    !find(handle, "gss_release_buffer", &library->release_buffer) ||
	    !find(handle, "GSS_C_NT_HOSTBASED_SERVICE", &hostbased_service) ||
	    !find(handle, "GSS_C_NT_USER_NAME", &user_name))
		return err_set(err, ERR_AUTH, "%s lacks a function of GSS-API", GSSAPI_LIBRARY);
	library->hostbased_service = *hostbased_service;
	library->user_name = *user_name;
	return 0;
}

/* The mechanism's own sentence ("Ticket expired"), else the general one. */
int gssapi_failed(const struct gssapi *library, const char *what, OM_uint32 major, OM_uint32 minor,
		  struct err *err)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 ignored, more = 0;
	int result;

	library->display_status(&ignored, minor ? minor : major, minor ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
	result = err_set(err, ERR_AUTH, "%s: %.*s", what, (int)text.length, (const char *)text.value);
	library->release_buffer(&ignored, &text);
	return result;
}

int gssapi_send(int fd, const gss_buffer_desc *token, int idle_ms, struct err *err)
{
	char head[TOKEN_LEN];

	token_encode(head, "TLEN", (uint32_t)token->length);
	if (fd_write_full(fd, head, sizeof(head), idle_ms, err) < 0)
		return -1;
	return fd_write_full(fd, token->value, token->length, idle_ms, err);
}

int gssapi_receive(int fd, struct buf *token, int idle_ms, struct err *err)
{
	char head[TOKEN_LEN];
	uint32_t len;

	if (fd_read_full(fd, head, sizeof(head), idle_ms, err) < 0 ||
	    token_decode(head, "TLEN", &len, err) < 0)
		return -1;
	if (len == 0 || len > TOKEN_MAX)
		return err_set(err, ERR_IO,
			       "the other side sends an authentication token of %lu bytes",
			       (unsigned long)len);
	buf_clear(token);
	if (fd_read_full(fd, buf_reserve(token, len), len, idle_ms, err) < 0)
		return -1;
	token->len = len;
	return 0;
}
