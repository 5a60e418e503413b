/*
 * net/gssapi.h - what both sides of an authentication need: the library, and its tokens on a stream.
 *
 * The library is loaded when somebody authenticates and not before: it brings six others, and no other
 * job uses them. It is never unloaded: it may have registered something that runs at our end.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_GSSAPI_H
#define NET_GSSAPI_H

#include <gssapi/gssapi.h>

#include "base/err.h"
#include "base/str.h"

enum { GSSAPI_ROUNDS_MAX = 16 };

/* What both sides want of a context. */
#define GSSAPI_FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG)

struct gssapi {
	__typeof__(gss_import_name) *import_name;
	__typeof__(gss_display_name) *display_name;
	__typeof__(gss_release_name) *release_name;
	__typeof__(gss_acquire_cred) *acquire_cred;
	__typeof__(gss_release_cred) *release_cred;
	__typeof__(gss_init_sec_context) *init_sec_context;
	__typeof__(gss_accept_sec_context) *accept_sec_context;
	__typeof__(gss_delete_sec_context) *delete_sec_context;
	__typeof__(gss_display_status) *display_status;
	__typeof__(gss_release_buffer) *release_buffer;
	gss_OID hostbased_service, user_name;
};

/* ERR_AUTH: it is not there, or too old. */
int gssapi_load(struct gssapi *library, struct err *err);

/* "WHAT: the mechanism's own sentence"; -1 with ERR_AUTH. */
int gssapi_failed(const struct gssapi *library, const char *what, OM_uint32 major, OM_uint32 minor,
		  struct err *err);

/* TLEN and a token (doc/protocol-gssapi.txt). */
int gssapi_send(int fd, const gss_buffer_desc *token, int idle_ms, struct err *err);
int gssapi_receive(int fd, struct buf *token, int idle_ms, struct err *err);

#endif
