// timeline.js - each slot a lane, each job a bar that grows until it is done.
import { buildName, COLOURS } from "./model.js";

const SPAN_MS = 60000, LANES_MAX = 96, SERVERS_MAX = 12, CHOICE_MS = 5000, GUTTER = 168, AXIS = 24, GAP = 10, LABEL = 64;

export class Timeline {
	constructor(canvas, model) {
		this.canvas = canvas;
		this.model = model;
		this.only = null;               // one server's name, or null
		this.highlight = null;          // a build's "uid build", or null
		this.bars = [];                 // what was drawn, for the pointer
		this.themeChanged();
	}

	themeChanged() {
		const style = getComputedStyle(document.documentElement);
		const colour = (name) => style.getPropertyValue(`--${name}`).trim();
		this.colours = Array.from({ length: COLOURS }, (_, i) => colour(`b${i}`));
		for (const name of ["ink", "quiet", "line", "lane", "accent", "bad", "warn", "panel"]) this[name] = colour(name);
		this.font = getComputedStyle(document.body).fontFamily;
	}

	lanesOf(server) { return this.crowded ? this.used.get(server.name) ?? 1 : Math.max(1, server.slots, server.in_flight); }

	// All servers if there is room. Else those with the most work, in the list's order and without the
	// slots that nobody uses; who they are is thought over now and then, or the eye could not follow.
	shown() {
		const all = [...this.model.servers.values(), ...this.model.here()];
		this.crowded = false;
		if (this.only) return all.filter((server) => server.name === this.only);
		this.crowded = all.reduce((sum, server) => sum + this.lanesOf(server), 0) > LANES_MAX;
		if (!this.crowded) return all;
		if (!this.chosen || performance.now() - this.chosenAt > CHOICE_MS) this.choose(all);
		return all.filter((server) => this.chosen.has(server.name));
	}

	choose(all) {
		this.chosenAt = performance.now();
		this.chosen = new Set();
		this.used = new Map();
		for (const spans of this.model.lanes.values()) {
			const { server, slot } = spans[0];
			this.used.set(server, Math.max(this.used.get(server) ?? 1, slot + 1));
		}
		let sum = 0;
		for (const server of [...all].sort((a, b) => b.in_flight - a.in_flight || b.done - a.done)) {
			if (sum + this.lanesOf(server) > LANES_MAX || this.chosen.size === SERVERS_MAX) continue;
			this.chosen.add(server.name);
			sum += this.lanesOf(server);
		}
	}

	layout(servers) {
		const lanes = servers.reduce((sum, server) => sum + this.lanesOf(server), 0);
		const room = Math.max(150, Math.min(innerHeight * .52, 480));
		const pitch = Math.max(4, Math.min(22, Math.floor((room - AXIS - servers.length * GAP) / Math.max(1, lanes))));
		return { pitch, height: Math.max(190, lanes * pitch + servers.length * GAP + AXIS) };
	}

	draw() {
		const servers = this.shown(), { pitch, height } = this.layout(servers);
		const width = this.canvas.clientWidth, scale = devicePixelRatio || 1;
		if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
			this.canvas.style.height = `${height}px`;
			this.canvas.width = Math.round(width * scale);
			this.canvas.height = Math.round(height * scale);
		}
		const g = this.g = this.canvas.getContext("2d");
		g.setTransform(scale, 0, 0, scale, 0, 0);
		g.clearRect(0, 0, width, height);
		this.gutter = Math.round(Math.min(GUTTER, width * .3));
		this.left = this.gutter;
		this.right = width - 14;
		this.now = this.frozen ?? this.model.now();
		this.bars = [];
		this.drawAxis(height);
		let y = 0;
		for (const server of servers) {
			const lanes = this.lanesOf(server);
			this.drawServer(server, lanes, y, pitch);
			y += lanes * pitch + GAP;
		}
		this.drawNow(height);
		return servers.length;
	}

	x(ms) { return this.right - (this.now - ms) / SPAN_MS * (this.right - this.left); }

	drawAxis(height) {
		const g = this.g;
		g.font = `11px ${this.font}`;
		g.textAlign = "center";
		g.textBaseline = "alphabetic";
		// as close as the labels have room
		const step = [10, 20, 30].find((s) => s / 60 * (this.right - this.left) >= LABEL) ?? 60;
		for (let s = 0; s <= 60; s += step) {
			const x = Math.round(this.right - s / 60 * (this.right - this.left)) + .5;
			g.strokeStyle = this.line;
			g.beginPath();
			g.moveTo(x, 0);
			g.lineTo(x, height - AXIS + 4);
			g.stroke();
			g.fillStyle = this.quiet;
			g.fillText(s ? `${s} s ago` : "now", Math.min(x, this.right - (s ? 0 : 6)), height - 5);
		}
	}

	drawServer(server, lanes, top, pitch) {
		const g = this.g, down = server.state === "down";
		g.font = `600 12.5px ${this.font}`;
		g.textAlign = "left";
		g.textBaseline = "middle";
		g.fillStyle = down ? this.bad : this.ink;
		const tall = lanes * pitch;
		const line = Math.min(13, Math.max(6, tall / 2));
		g.fillText(this.cut(server.name, this.gutter - 14), 0, top + (tall < 32 ? tall / 2 : line));
		if (tall >= 32) {
			g.font = `11.5px ${this.font}`;
			g.fillStyle = down ? this.bad : this.quiet;
			g.fillText(server.state === "up" ? `${server.in_flight} of ${server.slots}` : server.state, 0, top + line + 16);
		}
		for (let slot = 0; slot < lanes; slot++) {
			const y = top + slot * pitch, h = pitch - (pitch > 6 ? 2 : 1);
			g.fillStyle = this.lane;
			this.box(this.left, y, this.right - this.left, h, Math.min(4, h / 2));
			g.fill();
			for (const span of this.model.lanes.get(`${server.name}\n${slot}`) ?? []) this.drawSpan(span, y, h);
		}
	}

	drawSpan(span, y, h) {
		const end = span.end ?? this.now;
		if (end < this.now - SPAN_MS || span.start > this.now) return;
		const g = this.g, x0 = Math.max(this.left, this.x(span.start)), x1 = Math.min(this.right, this.x(end));
		const w = Math.max(2, x1 - x0 - (span.end === null ? 0 : 1)), radius = Math.min(4, h / 2, w / 2);
		const failed = span.outcome === "replayed" || span.outcome === "denied";
		const vain = span.outcome === "cancelled" || span.outcome === "abandoned";
		const colour = failed ? this.bad : this.colours[this.model.colour(span.uid, span.build)];
		g.globalAlpha = this.highlight && this.highlight !== `${span.uid} ${span.build}` ? .16 : vain ? .4 : 1;
		g.fillStyle = colour;
		this.box(x0, y, w, h, radius);
		g.fill();
		if (span.end === null && w > 8) {
			const glow = g.createLinearGradient(x1 - Math.min(w, 70), 0, x1, 0);
			glow.addColorStop(0, "#fff0");
			glow.addColorStop(1, "#ffffff80");
			g.fillStyle = glow;
			g.fill();
		}
		if (failed || vain) this.hatch(x0, y, w, h);
		if (h >= 12 && w > 46) {
			g.font = `11px ui-monospace, "DejaVu Sans Mono", monospace`;
			g.textBaseline = "middle";
			g.textAlign = "left";
			g.fillStyle = this.panel;
			g.fillText(this.cut(span.file, w - 12), x0 + 6, y + h / 2 + .5);
		}
		g.globalAlpha = 1;
		this.bars.push({ x0, x1: x0 + w, y0: y, y1: y + h, span });
	}

	hatch(x, y, w, h) {
		const g = this.g;
		g.save();
		this.box(x, y, w, h, Math.min(4, h / 2, w / 2));
		g.clip();
		g.strokeStyle = this.panel;
		g.lineWidth = 1.5;
		g.beginPath();
		for (let at = x - h; at < x + w; at += 6) {
			g.moveTo(at, y + h);
			g.lineTo(at + h, y);
		}
		g.stroke();
		g.restore();
	}

	drawNow(height) {
		const g = this.g;
		g.strokeStyle = this.accent;
		g.lineWidth = 2;
		g.beginPath();
		g.moveTo(this.right + 1, 0);
		g.lineTo(this.right + 1, height - AXIS);
		g.stroke();
		g.lineWidth = 1;
	}

	box(x, y, w, h, radius) {
		this.g.beginPath();
		this.g.roundRect(x, y, w, h, radius);
	}

	cut(text, width) {
		const g = this.g;
		if (g.measureText(text).width <= width) return text;
		let low = 0, high = text.length;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (g.measureText(text.slice(0, middle) + "…").width <= width) low = middle;
			else high = middle - 1;
		}
		return low ? text.slice(0, low) + "…" : "";
	}

	at(x, y) {
		return this.bars.findLast((bar) => x >= bar.x0 - 1 && x <= bar.x1 + 1 && y >= bar.y0 - 1 && y <= bar.y1 + 1)?.span;
	}

	describe(span) {
		const ms = (span.end ?? this.model.now()) - span.start;
		const lines = [`${buildName(span.uid, span.build)} · job ${span.job}`, `${span.server}, slot ${span.slot}`,
			`waited ${duration(span.waited)}, ${span.end === null ? "runs for" : "ran"} ${duration(ms)}`];
		if (span.outcome !== "done" && span.outcome !== "running") lines.push(span.reason ? `${span.outcome}: ${span.reason}` : span.outcome);
		return { title: span.file || "(unnamed source)", lines };
	}
}

export function duration(ms) {
	return ms < 1000 ? `${Math.round(ms)} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60000)} min`;
}
