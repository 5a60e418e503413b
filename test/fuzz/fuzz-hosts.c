/* test/fuzz/fuzz-hosts.c - the text of a host list; each entry reads the same again. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "hosts/list.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	autofree char *text = mem_strndup((const char *)data, len);
	struct host_list list = HOST_LIST_INIT;

	if (host_list_parse(&list, text, NULL) < 0)
		claim(list.n_hosts == 0 && !list.hosts);
	for (size_t i = 0; i < list.n_hosts; i++) {
		autofree char *stem = host_spec_file_stem(&list.hosts[i], "cpu");
		struct host_spec again;

		claim(!strchr(stem, '/'));
		claim(list.hosts[i].limit >= (list.hosts[i].kind == HOST_UNIX ? 0 : 1));
		claim(host_spec_parse(&again, list.hosts[i].text, NULL) == 0);
		claim(again.kind == list.hosts[i].kind && again.limit == list.hosts[i].limit);
		host_spec_release(&again);
	}
	host_list_release(&list);
	return 0;
}
