// model.js - what the gateway has told: servers, what ran on each slot, figures. Knows no page.
const KEEP_MS = 125000, HISTORY_MS = 120000, RATE_MS = 5000;

// Each ends an attempt, and so a bar.
const ENDS = new Set(["done", "replayed", "abandoned", "cancelled", "denied"]);

export const COLOURS = 10;

function hash(text) {
	let value = 2166136261;
	for (const c of text) value = Math.imul(value ^ c.codePointAt(0), 16777619);
	return value >>> 8;
}

export function buildName(uid, build) {
	return build || `uid ${uid}`;
}

export class Model {
	constructor() {
		this.offset = 0;                // the gateway's clock minus ours
		this.figures = {};
		this.servers = new Map();       // name -> server, in the order of the host list
		this.lanes = new Map();         // "server\nslot" -> spans, oldest first
		this.history = [];              // {at, done, busy, queued}
		this.queue = [];
		this.builds = [];
		this.sentences = {};
		this.seq = 0;
		this.any = false;
		this.colours = new Map();       // "uid build" -> index
	}

	// A build has one colour wherever it is seen: by its name, so that a reload keeps it, or the next
	// one that no other build has.
	colour(uid, build) {
		const key = `${uid} ${build}`;
		let index = this.colours.get(key);
		if (index !== undefined) return index;
		const taken = new Set(this.colours.values());
		index = hash(key) % COLOURS;
		for (let i = 0; i < COLOURS && taken.has(index); i++) index = (index + 1) % COLOURS;
		this.colours.set(key, index);
		return index;
	}

	now() { return performance.now() + this.offset; }

	take(message) {
		this.offset = message.now_ms - performance.now();
		if (message.kind === "all") {
			this.servers.clear();
			this.lanes.clear();
			this.seq = 0;
			Object.assign(this, { version: message.version, hosts: message.hosts, sentences: message.sentences });
		}
		for (const server of message.servers) this.servers.set(server.name, server);
		for (const event of message.events) this.takeEvent(event);
		for (const job of message.running ?? []) {
			this.open(job, message.now_ms - job.run_ms);
			if (job.second) this.open({ ...job, ...job.second }, message.now_ms - job.second.run_ms);
		}
		this.figures = message;
		this.queue = message.queue;
		this.builds = message.builds;
		this.any ||= message.jobs > 0 || message.local > 0;
		this.history.push({ at: message.now_ms, done: message.done, busy: message.slots_busy, queued: message.queued });
		this.history = this.history.filter((point) => point.at > message.now_ms - HISTORY_MS);
		this.forget(message.now_ms - KEEP_MS);
		return message.kind === "all";
	}

	takeEvent(event) {
		if (event.seq <= this.seq) return;
		this.seq = event.seq;
		if (event.event === "granted" || event.event === "second") this.open(event, event.at_ms);
		else if (event.server && event.slot >= 0 && ENDS.has(event.event)) this.close(event);
	}

	spans(server, slot) {
		const key = `${server}\n${slot}`;
		let spans = this.lanes.get(key);
		if (!spans) this.lanes.set(key, spans = []);
		return spans;
	}

	open(job, start) {
		const spans = this.spans(job.server, job.slot), last = spans.at(-1);
		if (last?.job === job.job && last.end === null) return;
		// What was open here has ended: of that we may not have heard.
		if (last && last.end === null) last.end = start;
		spans.push({ job: job.job, file: job.file, build: job.build, uid: job.uid, start, end: null, outcome: "running",
			waited: job.waited_ms ?? 0, server: job.server, slot: job.slot });
	}

	close(event) {
		const spans = this.spans(event.server, event.slot);
		let span = spans.findLast((one) => one.job === event.job);
		if (!span || (span.end !== null && span.outcome !== "running")) {
			span = { job: event.job, file: event.file, build: event.build, uid: event.uid, start: event.at_ms - event.run_ms,
				server: event.server, slot: event.slot };
			spans.push(span);
		}
		Object.assign(span, { end: event.at_ms, outcome: event.event, waited: event.waited_ms, reason: event.reason });
	}

	forget(before) {
		for (const [key, spans] of this.lanes) {
			while (spans.length && spans[0].end !== null && spans[0].end < before) spans.shift();
			if (!spans.length) this.lanes.delete(key);
		}
	}

	// Places on the gateway's own machine are no servers; where some are used they look like one.
	here() {
		let slots = 0, in_flight = 0;
		for (const spans of this.lanes.values()) {
			if (spans[0].server !== "localhost") continue;
			slots = Math.max(slots, spans[0].slot + 1);
			in_flight += spans.at(-1).end === null;
		}
		return slots ? [{ name: "localhost", slots, in_flight, done: 0, state: "up" }] : [];
	}

	running(server, slot) {
		const last = this.lanes.get(`${server}\n${slot}`)?.at(-1);
		return last && last.end === null ? last : null;
	}

	// Jobs per second over the last few seconds, at any moment of the history.
	rateAt(index) {
		const point = this.history[index];
		let first = index;
		while (first > 0 && this.history[first - 1].at >= point.at - RATE_MS) first--;
		const span = point.at - this.history[first].at;
		return span > 0 ? (point.done - this.history[first].done) * 1000 / span : 0;
	}

	rate() {
		// The gateway is silent while nothing happens: then the last point is old, and so is its rate.
		const quiet = this.history.length ? this.now() - this.history.at(-1).at : Infinity;
		return this.history.length && quiet < RATE_MS * 2 ? this.rateAt(this.history.length - 1) : 0;
	}
}
