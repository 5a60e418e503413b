/* daemon/place.c - see place.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/place.h"

#include "base/log.h"

enum { FIRST_WORD_MS = 5000 };		/* a gateway that lets us wait says so at once */

int place_take(struct place *place, const char *gateway, int client_fd, const char *compiler,
	       const char *source, struct err *err)
{
	struct lease_wish wish = {
		/* one build of its own: a share beside each build of this machine, however many
		   clients there are */
		.kind = "served",    .build = "distccd", .compiler = compiler, .source = source,
		.allow_local = true, .protocol_min = 1,  .protocol_max = 1,
	};
	struct err cause = ERR_INIT;

	place->lease.watch_fd = client_fd;
	place->lease.patient_ms = place->lease.silence_ms;
	place->lease.silence_ms = FIRST_WORD_MS;
	if (lease_ask(&place->lease, gateway, &wish, &cause) == 0 &&
	    lease_ready(&place->lease, 0, &cause) == 0) {
		place->is_held = true;
		return 0;
	}
	lease_close(&place->lease);
	if (cause.code == ERR_IO || cause.code == ERR_NO_HOSTS)
		return err_set(err, cause.code, "%s", cause.text);
	log_warning("this job has no place from the gateway: %s", cause.text);
	return 0;
}

void place_give(struct place *place, bool ok)
{
	if (!place->is_held)
		return;
	lease_result(&place->lease, ok ? "ok" : "compile-failed", 0, 0, 0, NULL);
	lease_close(&place->lease);
	place->is_held = false;
}
