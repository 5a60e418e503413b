/* client/mode.c - see mode.h. A job whose sources did not do goes on with text, for all hosts. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/mode.h"

#include <sys/stat.h>

#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/fresh.h"
#include "client/guesses.h"

int mode_choose(struct attempt *attempt, struct pump *pump, const struct scan *scan,
		const struct host_spec *host, struct err *err)
{
	bool first = !pump->is_tried;

	attempt->sources = NULL;
	if (!pump_is_wanted(host))
		return 0;
	pump_prepare(pump, scan, err);
	if (!pump->plain_because) {
		attempt->sources = &pump->request;
		return 0;
	}
	if (pump->is_unreachable &&
	    (!attempt->settings->fallback || env_bool("DISTCC_TESTING_INCLUDE_SERVER", false)))
		return err_prefix(err, "pump mode");
	if (first && pump->is_unreachable)
		log_warning("failed to get includes from include server, preprocessing locally: %s",
			    err->text);
	if (first)
		log_info("pump: source=%s mode=plain reason=%s: %s", attempt->source,
			 pump->plain_because, err->text);
	err_clear(err);
	return 0;
}

bool mode_sources_changed(const struct scan *scan, const char *source)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");
	autofree char *changed = NULL;
	struct stat st;

	if (!port || stat(port, &st) < 0 || !scan->wants_deps)
		return false;
	changed = fresh_find(scan->deps_file, env_get("DISTCC_EXCLUDE_FRESH_FILES"), st.st_ctime);
	if (changed)
		log_warning("file '%s', a dependency of %s, changed during the build", changed, source);
	return changed;
}

void mode_note_discrepancy(const struct scan *scan, const char *what)
{
	log_warning("pump: %s; this source is preprocessed here from now on", what);
	guess_was_wrong(scan);
}

/* Does what the server's compiler read agree with what is here? */
static bool sources_agree(const struct attempt *attempt, const struct pump *pump, const struct scan *scan)
{
	autofree char *which = NULL, *what = NULL;

	if (attempt->reply.status != 0 || pump_verify(pump, &attempt->reply.deps, &which))
		return true;
	what = str_format("'%s' was read for '%s' on %s, and was not sent", which, attempt->source,
			  attempt->server);
	mode_note_discrepancy(scan, what);
	return false;
}

enum outcome mode_attempt(struct attempt *attempt, struct pump *pump, const struct scan *scan,
			  const struct pick *pick, struct err *err)
{
	enum outcome outcome = attempt_at(attempt, pick->host, pick->slot, err);
	const char *reason = "no-server-preprocesses";

	if (!attempt->sources)
		return outcome;
	if (outcome == OUTCOME_ANSWER) {
		if (sources_agree(attempt, pump, scan))
			return outcome;
		reason = "unforeseen-file";
	} else if (outcome != OUTCOME_HOST_FAULT || err->code != ERR_NO_HOSTS) {
		return outcome;
	}
	log_info("pump: source=%s mode=plain reason=%s", attempt->source, reason);
	pump->plain_because = reason;
	attempt->sources = NULL;
	reply_release(&attempt->reply);
	err_clear(err);
	return attempt_at(attempt, pick->host, pick->slot, err);
}
