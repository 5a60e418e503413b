/* daemon/admission.c - see admission.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

static int read_list(struct admission *admission, const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	bool failed;

	if (!file)
		return err_set(err, ERR_AUTH, "cannot read the list of principals '%s': %s", path,
			       strerror(errno));
	while ((n = getline(&line, &capacity, file)) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0])
			argv_add(&admission->names, line);
	}
	failed = ferror(file) != 0;
	free(line);
	fclose(file);
	return failed ? err_set(err, ERR_AUTH, "cannot read the list of principals '%s'", path) : 0;
}

int admission_open(struct admission *admission, struct err *err)
{
	const char *principal = env_get("DISTCCD_PRINCIPAL");
	const char *list = admission->whitelist ? admission->whitelist : admission->blacklist;

	if (!admission->required)
		return 0;
	if (!principal)
		return err_set(err, ERR_AUTH, "--auth: DISTCCD_PRINCIPAL does not say who this server is");
	if (list && read_list(admission, list, err) < 0)
		return -1;
	admission->service = auth_service_open(principal, err);
	return admission->service ? 0 : -1;
}

void admission_release(struct admission *admission)
{
	free(admission->whitelist);
	free(admission->blacklist);
	argv_release(&admission->names);
}

bool admission_allows(const struct admission *admission, const char *principal)
{
	size_t len = strcspn(principal, "@");
	bool listed = false;

	for (size_t i = 0; i < admission->names.n; i++)
		listed |= strlen(admission->names.words[i]) == len &&
			  memcmp(admission->names.words[i], principal, len) == 0;
	return admission->whitelist ? listed : !listed;
}

int admission_greet(const struct auth_ends *ends, struct err *err)
{
	char byte = 0;

	if (fd_read_full(ends->in_fd, &byte, 1, ends->idle_ms, err) < 0)
		return -1;
	if (byte != ADMISSION_GREETING)
		return err_set(err, ERR_AUTH, "No client handshake - did the client require authentication?");
	return fd_write_full(ends->out_fd, &byte, 1, ends->idle_ms, err);
}

int admission_check(const struct admission *admission, const struct auth_ends *ends, struct err *err)
{
	autofree char *principal = NULL;
	bool allowed;

	if (auth_accept(admission->service, ends, &principal, err) < 0)
		return -1;
	allowed = admission_allows(admission, principal);
	if (fd_write_full(ends->out_fd, allowed ? "y" : "n", 1, ends->idle_ms, err) < 0)
		return -1;
	if (!allowed)
		return err_set(err, ERR_DENIED, "'%s' may not use this server", principal);
	log_info("authenticated as '%s'", principal);
	return 0;
}
