// page.js - the page: news come in, and are shown.
import { buildName, Model } from "./model.js";
import { duration, Timeline } from "./timeline.js";
import { Farm } from "./farm.js";

const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SUMMARY_MS = 15000, CALM_MS = 1000;

const model = new Model();
const timeline = new Timeline($("time"), model);
const farm = new Farm($("farm"), model, (name) => { timeline.only = name; note(); redraw(); });
let summarised = -SUMMARY_MS, drawn = 0, paused = false;

// ---------------------------------------------------------------------------- numbers

function line(canvas, values, colour) {
	const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
	canvas.width = width * scale;
	canvas.height = height * scale;
	const g = canvas.getContext("2d"), now = model.now();
	g.scale(scale, scale);
	if (values.length < 2) return;
	const most = Math.max(1, ...values.map((value) => value.y)) * 1.1;
	const x = (value) => width - (now - value.at) / 120000 * width, y = (value) => height - 1 - value.y / most * (height - 6);
	g.beginPath();
	g.moveTo(x(values[0]), y(values[0]));
	for (const value of values) g.lineTo(x(value), y(value));
	g.lineTo(width, y(values.at(-1)));
	g.strokeStyle = colour;
	g.globalAlpha = .55;
	g.lineWidth = 1.5;
	g.stroke();
	g.lineTo(width, height);
	g.lineTo(x(values[0]), height);
	const fill = g.createLinearGradient(0, 0, 0, height);
	fill.addColorStop(0, colour);
	fill.addColorStop(1, "transparent");
	g.fillStyle = fill;
	g.globalAlpha = .22;
	g.fill();
}

function showNumbers() {
	const f = model.figures, rate = model.rate();
	$("rate").textContent = rate >= 10 ? Math.round(rate) : rate.toFixed(1).replace(/\.0$/, "");
	$("busy").textContent = number(f.slots_busy);
	$("busy-of").textContent = `of ${number(f.slots)}`;
	$("queued").textContent = number(f.queued);
	$("done").textContent = number(f.done);
	$("done-more").textContent = [[f.replayed, "tried again"], [f.denied, "denied"], [f.cancelled, "cancelled"]]
		.filter(([count]) => count).map(([count, word]) => `${number(count)} ${word}`).join(", ");
	$("local").textContent = number(f.local);
	$("local-more").textContent = f.local ? `${(100 * f.local / (f.local + f.done)).toFixed(0)} % of all` : "";
	const h = model.history;
	line($("rate-line"), h.map((point, i) => ({ at: point.at, y: model.rateAt(i) })), timeline.accent);
	line($("busy-line"), h.map((point) => ({ at: point.at, y: point.busy })), timeline.colours[2]);
	line($("queued-line"), h.map((point) => ({ at: point.at, y: point.queued })), timeline.warn);
}

// ---------------------------------------------------------------------------- lists

function row(...parts) {
	const li = document.createElement("li");
	for (const [name, text, style] of parts) {
		const span = document.createElement("span");
		span.className = name;
		if (name === "bar") {
			const inner = span.appendChild(document.createElement("i"));
			Object.assign(inner.style, style);
		} else {
			span.textContent = text;
			Object.assign(span.style, style);
		}
		li.append(span);
	}
	return li;
}

function list(id, rows, none) {
	$(id).replaceChildren(...(rows.length ? rows : [row(["none", none])]));
}

function showLists() {
	const f = model.figures, most = Math.max(1, ...Object.values(f.reasons));
	list("builds", model.builds.slice(0, 8).map((build) => {
		const colour = `var(--b${model.colour(build.uid, build.build)})`, ended = build.done + build.denied + build.cancelled;
		const li = row(["chip", "", { backgroundColor: colour }], ["what", buildName(build.uid, build.build)],
			["much", `${number(build.done)} done` + (build.local ? `, ${number(build.local)} local` : "")],
			["bar", "", { width: `${100 * ended / Math.max(1, build.jobs)}%`, backgroundColor: colour }]);
		if (build.live) li.append(...row(["fine", `${number(build.live)} under way`]).children);
		li.onmouseenter = () => { timeline.highlight = `${build.uid} ${build.build}`; redraw(); };
		li.onmouseleave = () => { timeline.highlight = null; redraw(); };
		return li;
	}), "No build yet.");
	list("queue", model.queue.slice(0, 8).map((job) => row(
		["chip", "", { backgroundColor: `var(--b${model.colour(job.uid, job.build)})` }], ["what mono", job.file || "(unnamed source)"],
		["much", duration(job.age_ms)])), "Nobody waits.");
	if (f.queued > 8) $("queue").append(row(["none", `and ${number(f.queued - 8)} more`]));
	list("why", Object.entries(f.reasons).sort((a, b) => b[1] - a[1]).slice(0, 8).map(([reason, count]) => row(
		["what", reason], ["much", number(count)],
		["bar", "", { width: `${100 * count / most}%`, backgroundColor: "var(--warn)" }], ["fine", model.sentences[reason] ?? ""])),
	"Nothing was.");
}

// ---------------------------------------------------------------------------- words

function note() {
	const all = model.servers.size, down = [...model.servers.values()].filter((server) => server.state === "down").length;
	$("farm-note").textContent = `${number(all)} ${all === 1 ? "server" : "servers"}` + (down ? `, ${number(down)} down` : "");
	const shown = timeline.shown().length;
	$("time-note").textContent = timeline.only ? `${timeline.only} alone` : shown < all ? `the ${shown} busiest of ${number(all)} servers` : "";
}

function empty() {
	const box = $("empty");
	box.hidden = model.any;
	if (model.any || box.firstChild) return;
	const title = document.createElement("b"), code = document.createElement("code"), text = document.createElement("span");
	title.textContent = "The farm is ready, and nobody has asked for anything yet.";
	text.textContent = "Let a build see the gateway’s socket:";
	code.textContent = 'DISTCC_HOSTS=unix:/run/distcc-gw/socket make -j24 CC="distcc gcc"';
	box.append(title, text, code);
}

function summarise() {
	if (performance.now() - summarised < SUMMARY_MS) return;
	summarised = performance.now();
	const f = model.figures;
	$("summary").textContent = `${number(f.slots_busy)} of ${number(f.slots)} slots in use, ${number(f.queued)} jobs queued, ` +
		`${model.rate().toFixed(1)} jobs per second, ${number(f.done)} done, ${number(f.local)} local, ${number(f.servers_down)} servers down.`;
	$("time").setAttribute("aria-label", `Time line of the last minute. ${$("summary").textContent}`);
}

// ---------------------------------------------------------------------------- news

function redraw() {
	timeline.draw();
	drawn = performance.now();
}

function frame() {
	if (!paused && !document.hidden && model.version && performance.now() - drawn >= (calm.matches ? CALM_MS : 0)) redraw();
	requestAnimationFrame(frame);
}

function take(message) {
	const anew = model.take(message);
	if (paused) return;
	if (anew) {
		$("hosts").textContent = model.hosts;
		$("version").textContent = `distcc-gateway ${model.version}`;
		farm.rebuild();
	} else {
		farm.update(false);
	}
	showNumbers();
	showLists();
	note();
	empty();
	summarise();
}

function link(state, text) {
	$("link").className = `link ${state}`;
	$("link").textContent = text;
}

const source = new EventSource("/live");
source.onopen = () => link("live", "live");
source.onerror = () => link("lost", "connection lost, trying again");
source.onmessage = (event) => take(JSON.parse(event.data));
setInterval(() => { if (model.version && !paused) showNumbers(); }, 2000);

// ---------------------------------------------------------------------------- pointer and keys

function tip(content, x, y) {
	const box = $("tip");
	box.hidden = !content;
	if (!content) return;
	const title = document.createElement("b");
	title.textContent = content.title;
	box.replaceChildren(title, ...content.lines.map((text) => {
		const line = document.createElement("div");
		line.textContent = text;
		return line;
	}));
	box.style.left = `${Math.max(8, Math.min(innerWidth - box.offsetWidth - 8, x + 14))}px`;
	box.style.top = `${Math.max(8, y + 18 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 12 : y + 18)}px`;
}

$("time").addEventListener("pointermove", (event) => {
	const span = timeline.at(event.offsetX, event.offsetY);
	tip(span && timeline.describe(span), event.clientX, event.clientY);
});
$("time").addEventListener("pointerleave", () => tip(null));

function tipOfServer(target) {
	const server = farm.dense && model.servers.get(target.closest?.(".server")?.dataset.name);
	if (!server) return tip(null);
	const box = target.closest(".server").getBoundingClientRect(), [title, ...lines] = farm.describe(server);
	return tip({ title, lines }, box.right - 10, box.bottom - 14);
}
$("farm").addEventListener("pointerover", (event) => tipOfServer(event.target));
$("farm").addEventListener("pointerleave", () => tip(null));
$("farm").addEventListener("focusin", (event) => tipOfServer(event.target));
$("farm").addEventListener("focusout", () => tip(null));

function setPaused(on) {
	paused = on;
	timeline.frozen = on ? model.now() : null;
	$("pause").setAttribute("aria-pressed", on);
	$("pause").textContent = on ? "Paused" : "Pause";
	if (!on && model.version) {
		farm.rebuild();
		showNumbers();
		showLists();
	}
}

const themes = ["system", "light", "dark"];
function setTheme(theme) {
	if (theme === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
	$("theme").textContent = `Theme: ${theme}`;
	try { localStorage.setItem("theme", theme); } catch { /* then it lasts as long as the page */ }
	timeline.themeChanged();
	if (model.version) { redraw(); showNumbers(); }
}
function nextTheme() {
	setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % themes.length]);
}

$("pause").addEventListener("click", () => setPaused(!paused));
$("theme").addEventListener("click", nextTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.themeChanged());
addEventListener("resize", () => { if (model.version) { redraw(); showNumbers(); } });
addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.altKey || event.metaKey) return;
	if (event.key === "Escape") farm.select(null);
	else if (event.key === "t" || event.key === "T") nextTheme();
	else if (event.key === " " && event.target.tagName !== "BUTTON") { event.preventDefault(); setPaused(!paused); }
	else if (event.key.startsWith("Arrow") && !event.target.closest?.("#farm") && farm.focused) farm.focused.focus();
});
let stored = null;
try { stored = localStorage.getItem("theme"); } catch { /* not allowed */ }
setTheme(themes.includes(stored) ? stored : "system");
requestAnimationFrame(frame);
