/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole builds in a clock of their own: how long they take on servers of different speed, compared with
 * what is possible at all. The schedule is the real one; servers, `make -jN` and time are a few numbers.
 */
#include "test/unit/farm.h"

#include "base/mem.h"
#include "gateway/schedule.h"

enum { SERVERS_MAX = 600, JOBS_MAX = 4000, USUAL_BYTES = 100000 };

struct machine {
	const char *entry;
	double speed;
	double turns_at_ms, then_speed;	/* turns_at_ms 0: never */
	int cores;			/* shared by its jobs; 0: one for each */
	double way_ms;			/* before a job's work begins, whatever else it does: there and back */
};

struct part {				/* one compile of a build */
	struct job job;
	struct build_run *run;
	enum { PART_LATER, PART_CPP, PART_QUEUED, PART_RUNNING, PART_DONE } state;
	double work_ms;			/* at speed 1 */
	double left_ms, ready_ms;	/* of its work; when its preprocessor is done */
	double way_left_ms;
	double began_ms;
	int server;
};

struct build_run {
	struct schedule schedule;
	struct server *servers[SERVERS_MAX];
	struct machine machines[SERVERS_MAX];
	int n_servers;
	struct part *parts;
	int n_parts, n_begun, n_done;
	double now_ms, work_ms, longest_ms, last_end_ms[SERVERS_MAX];
	int n_got[SERVERS_MAX], most[SERVERS_MAX], n_at_work[SERVERS_MAX];
	uint32_t first_seed, seed;
};

static uint32_t noise(struct build_run *run)
{
	run->seed = run->seed * 1664525 + 1013904223;
	return run->seed >> 8;
}

static double speed_of(const struct build_run *run, int server)
{
	const struct machine *machine = &run->machines[server];

	double speed = machine->turns_at_ms > 0 && run->now_ms >= machine->turns_at_ms ? machine->then_speed : machine->speed;

	return machine->cores && run->n_at_work[server] > machine->cores ? speed * machine->cores / run->n_at_work[server] : speed;
}

static bool is_at_work(const struct part *part)
{
	return part->state == PART_RUNNING && part->way_left_ms <= 0;
}

static void count_at_work(struct build_run *run)
{
	memset(run->n_at_work, 0, sizeof(run->n_at_work));
	for (int i = 0; i < run->n_begun; i++)
		if (is_at_work(&run->parts[i]))
			run->n_at_work[run->parts[i].server]++;
}

static void granted(struct job *job, struct server *server, int protocol)
{
	struct part *part = job->context;
	struct build_run *run = part->run;

	(void)protocol;
	for (part->server = 0; run->servers[part->server] != server; part->server++)
		;
	part->state = PART_RUNNING;
	part->began_ms = run->now_ms;
	part->way_left_ms = run->machines[part->server].way_ms;
	run->n_got[part->server]++;
	if (server->in_flight > run->most[part->server])
		run->most[part->server] = server->in_flight;
}

static void denied(struct job *job, const char *reason, const char *text)
{
	(void)job;
	fail_msg("denied: %s, %s", reason, text);
}

/* Of equal work on average; spread_percent says how far they are from it, and size says it by half. */
static void run_make(struct build_run *run, int n_parts, double usual_ms, unsigned spread_percent)
{
	run->parts = mem_array((size_t)n_parts, sizeof(*run->parts));
	run->n_parts = n_parts;
	for (int i = 0; i < n_parts; i++) {
		struct part *part = &run->parts[i];
		double factor = 1 + ((double)(noise(run) % 2001) - 1000) / 1000 * spread_percent / 100;

		part->run = run;
		part->work_ms = part->left_ms = usual_ms * factor;
		part->job = (struct job){ .kind = JOB_COMPILE, .uid = 1000, .compiler = mem_strdup("gcc"), .protocol_min = 1, .protocol_max = 2,
					  .size = (uint64_t)(USUAL_BYTES * (1 + factor) / 2), .on_grant = granted, .on_deny = denied, .context = part };
		run->work_ms += part->work_ms;
	}
}

static void begin_next(struct build_run *run, double cpp_ms)
{
	if (run->n_begun == run->n_parts)
		return;
	run->parts[run->n_begun].state = PART_CPP;
	run->parts[run->n_begun].ready_ms = run->now_ms + cpp_ms * (0.5 + (double)(noise(run) % 1000) / 1000);
	run->n_begun++;
}

static double next_event_ms(const struct build_run *run)
{
	double next = 1e18;

	for (int i = 0; i < run->n_begun; i++) {
		const struct part *part = &run->parts[i];
		double at = part->state == PART_CPP ? part->ready_ms : part->state != PART_RUNNING ? 1e18 :
			    run->now_ms + (part->way_left_ms > 0 ? part->way_left_ms : part->left_ms / speed_of(run, part->server));

		next = at < next ? at : next;
	}
	for (int i = 0; i < run->n_servers; i++)
		if (run->machines[i].turns_at_ms > run->now_ms && run->machines[i].turns_at_ms < next)
			next = run->machines[i].turns_at_ms;
	if (run->schedule.wake_at_ms && (double)run->schedule.wake_at_ms < next)
		next = (double)run->schedule.wake_at_ms;
	return next;
}

static void advance(struct build_run *run, double to_ms)
{
	for (int i = 0; i < run->n_begun; i++) {
		struct part *part = &run->parts[i];

		if (is_at_work(part))
			part->left_ms -= (to_ms - run->now_ms) * speed_of(run, part->server);
		else if (part->state == PART_RUNNING)
			part->way_left_ms -= to_ms - run->now_ms < part->way_left_ms - 1e-6 ? to_ms - run->now_ms : part->way_left_ms;
	}
	run->now_ms = to_ms;
}

static void finish(struct build_run *run, struct part *part)
{
	struct server *server = run->servers[part->server];

	part->state = PART_DONE;
	capacity_on_done(&server->capacity, server->in_flight, (int64_t)part->began_ms, part->job.size, (int64_t)run->now_ms);
	server->in_flight--;
	estimate_add(&server->service, (int64_t)(run->now_ms - part->began_ms), part->job.size);
	server->answered_at_ms = (int64_t)run->now_ms;
	run->last_end_ms[part->server] = run->now_ms;
	if (run->now_ms - part->began_ms > run->longest_ms)
		run->longest_ms = run->now_ms - part->began_ms;
	run->n_done++;
}

/* `make -jN`: a job that ends makes room for the next one's preprocessor. Returns how long it took. */
static double simulate(struct build_run *run, int jobs, double cpp_ms)
{
	run->now_ms = 1000000;
	for (int i = 0; i < run->n_servers; i++)
		run->machines[i].turns_at_ms += run->machines[i].turns_at_ms > 0 ? run->now_ms : 0;
	for (int i = 0; i < jobs; i++)
		begin_next(run, cpp_ms);
	while (run->n_done < run->n_parts) {
		double next;

		count_at_work(run);
		next = next_event_ms(run);
		assert_true(next < 1e17);
		advance(run, next);
		for (int i = 0; i < run->n_begun; i++) {
			struct part *part = &run->parts[i];

			if (part->state == PART_RUNNING && part->left_ms < 1e-6) {
				finish(run, part);
				begin_next(run, cpp_ms);
				schedule_run(&run->schedule, run->servers, (size_t)run->n_servers, (int64_t)run->now_ms);
			} else if (part->state == PART_CPP && part->ready_ms <= run->now_ms) {
				part->state = PART_QUEUED;
				schedule_add(&run->schedule, &part->job, false, (int64_t)run->now_ms);
			}
		}
		schedule_run(&run->schedule, run->servers, (size_t)run->n_servers, (int64_t)run->now_ms);
	}
	return run->now_ms - 1000000;
}

static void run_free(struct build_run *run)
{
	for (int i = 0; i < run->n_parts; i++)
		job_release(&run->parts[i].job);
	for (int i = 0; i < run->n_servers; i++)
		server_free(run->servers[i]);
	free(run->parts);
}
#define autorun __attribute__((cleanup(run_free))) struct build_run

static void add_machine(struct build_run *run, struct machine machine)
{
	run->servers[run->n_servers] = farm_server(machine.entry);
	run->servers[run->n_servers]->capacity.since_ms = 0;
	run->machines[run->n_servers++] = machine;
}

static double total_speed(const struct build_run *run)
{
	double speed = 0;

	for (int i = 0; i < run->n_servers; i++)
		speed += server_slots(run->servers[i]) * run->machines[i].speed;
	return speed;
}

static void assert_within(const struct build_run *run, const char *what, double took_ms, double bound_ms)
{
	if (took_ms > bound_ms)
		fail_msg("%s, seed %u: took %.0f ms, may take %.0f; the servers got %d, %d and %d jobs", what, run->first_seed, took_ms, bound_ms,
			 run->n_got[0], run->n_got[1], run->n_got[2]);
}

static void three_speeds(const char *what, const char *const entries[3], int n_parts, int jobs, double cpp_ms, unsigned spread, uint32_t seed)
{
	autorun run = { .first_seed = seed, .seed = seed };
	double took_ms, bound_ms;

	for (int i = 0; i < 3; i++)
		add_machine(&run, (struct machine){ .entry = entries[i], .speed = 1 << i });
	run_make(&run, n_parts, 1600, spread);
	took_ms = simulate(&run, jobs, cpp_ms);
	bound_ms = run.work_ms / total_speed(&run) + run.longest_ms;
	assert_within(&run, what, took_ms, 1.10 * bound_ms);
	/* The slow one has its share: it is not spared while the queue is long. */
	assert_in_range(run.n_got[0], 0.7 * n_parts * server_slots(run.servers[0]) / total_speed(&run), n_parts);
}

static void servers_of_different_speed_end_together(void **state)
{
	static const char *const equal[] = { "10.0.0.1/2", "10.0.0.2/2", "10.0.0.3/2" };
	static const char *const slow_is_big[] = { "10.0.0.1/12", "10.0.0.2/2", "10.0.0.3/4" };

	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++) {
		three_speeds("1, 2, 4, -j12", equal, 120, 12, 30, 0, seed);
		three_speeds("the same, uneven jobs", equal, 120, 12, 30, 50, seed);
		three_speeds("-j32, long preprocessing", equal, 120, 32, 400, 50, seed);
		three_speeds("-j8", equal, 120, 8, 30, 50, seed);
		three_speeds("a slow /12, -j32", slow_is_big, 360, 32, 30, 50, seed);
		three_speeds("a slow /12, -j64", slow_is_big, 360, 64, 30, 50, seed);
	}
}

static void a_server_that_turns_slow_is_not_on_the_tail(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 8; seed++) {
		bool uneven = seed % 2 == 0;
		autorun run = { .first_seed = seed, .seed = seed };
		double took_ms, others_ms;

		add_machine(&run, (struct machine){ .entry = "10.0.0.1/2", .speed = 2 });
		add_machine(&run, (struct machine){ .entry = "10.0.0.2/2", .speed = 2 });
		add_machine(&run, (struct machine){ .entry = "10.0.0.3/2", .speed = 2, .turns_at_ms = 6000, .then_speed = 0.5 });
		run_make(&run, 160, 800, uneven ? 50 : 0);
		took_ms = simulate(&run, 32, 30);
		/* 6 s at full speed, the rest at the speed that is left, and one job of the others */
		assert_within(&run, "one turns slow", took_ms, 1.10 * (6000 + (run.work_ms - 6000 * 12) / 9 + 400));
		/* A job there takes 1.6 s now, an uneven one up to 2.4. */
		others_ms = run.last_end_ms[0] > run.last_end_ms[1] ? run.last_end_ms[0] : run.last_end_ms[1];
		assert_within(&run, "the slow one's last job", run.last_end_ms[2], others_ms + (uneven ? 800 : 200));
	}
}

static void six_hundred_equal_servers_share_the_jobs(void **state)
{
	static char entries[SERVERS_MAX][24];
	autorun run = { .first_seed = 7, .seed = 7 };
	int most = 0, used = 0;

	(void)state;
	for (int i = 0; i < SERVERS_MAX; i++) {
		snprintf(entries[i], sizeof(entries[i]), "10.0.%d.%d/64", i / 200, i % 200 + 1);
		add_machine(&run, (struct machine){ .entry = entries[i], .speed = 1 });
	}
	run_make(&run, JOBS_MAX, 1000, 50);
	simulate(&run, 300, 30);
	for (int i = 0; i < run.n_servers; i++) {
		most = run.most[i] > most ? run.most[i] : most;
		used += run.n_got[i] > 0;
	}
	/* 300 jobs at once could be one for every second server; estimates differ by chance */
	assert_in_range(most, 1, 6);
	assert_in_range(used, 500, SERVERS_MAX);
}

/* Jobs per second while one build of 600 keeps a server busy that has no /LIMIT; *slots: what it ends with. */
static double throughput(struct machine machine, unsigned spread, uint32_t seed, int *slots)
{
	autorun run = { .first_seed = seed, .seed = seed };
	double took_ms;

	add_machine(&run, machine);
	run_make(&run, 600, 400, spread);
	took_ms = simulate(&run, 96, 30);
	*slots = run.servers[0]->capacity.settled;
	return 600 / took_ms * 1000;
}

static void a_server_without_a_limit_gets_what_it_is_good_for(void **state)
{
	static const struct {
		struct machine machine;
		int least, most;		/* slots at the end */
		double part;			/* of what is possible, at least */
	} rows[] = {
		/* four were a guess: it has twelve processors, or is far away, or has but two */
		{ { "10.0.0.1", .speed = 1, .cores = 12 }, 11, 19, 0.85 },
		{ { "10.0.0.1", .speed = 1, .cores = 4, .way_ms = 400 }, 6, 14, 0.6 },	/* it had half with four */
		{ { "10.0.0.1", .speed = 1, .cores = 4 }, 4, 4, 0.95 },
		{ { "10.0.0.1", .speed = 1, .cores = 2 }, 2, 3, 0.95 },
		/* a limit is one */
		{ { "10.0.0.1/4", .speed = 1, .cores = 12 }, 4, 4, 0.3 },
		{ { "10.0.0.1/4", .speed = 1, .cores = 2 }, 4, 4, 0.95 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t seed = 1; seed <= 6; seed++) {
			int slots;
			double got = throughput(rows[i].machine, seed % 2 ? 0 : 30, seed, &slots);
			double possible = rows[i].machine.cores / 0.4;

			if (slots < rows[i].least || slots > rows[i].most || got < possible * rows[i].part)
				fail_msg("row %zu, seed %u: %d slots, %.1f jobs a second, %.1f are possible", i, seed, slots, got, possible);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(servers_of_different_speed_end_together),
		CHECK(a_server_that_turns_slow_is_not_on_the_tail),
		CHECK(a_server_without_a_limit_gets_what_it_is_good_for),
		CHECK(six_hundred_equal_servers_share_the_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
