// farm.js - the servers as cards, or as a field of small ones when there are many.
const CARDS_MAX = 30, CELLS_MAX = 48;

export class Farm {
	constructor(root, model, onSelect) {
		this.root = root;
		this.model = model;
		this.onSelect = onSelect;
		this.tiles = new Map();
		this.selected = null;
		this.focused = null;
		root.addEventListener("click", (event) => {
			const tile = event.target.closest(".server");
			if (tile) this.select(tile.dataset.name === this.selected ? null : tile.dataset.name);
		});
		root.addEventListener("focusin", (event) => this.setFocused(event.target.closest(".server")));
		root.addEventListener("keydown", (event) => this.onKey(event));
	}

	rebuild() {
		this.dense = this.model.servers.size > CARDS_MAX;
		this.root.classList.toggle("dense", this.dense);
		this.tiles.clear();
		this.root.replaceChildren(...[...this.model.servers.values()].map((server) => this.make(server)));
		if (!this.tiles.has(this.selected)) this.selected = null;
		this.setFocused(this.tiles.get(this.focused?.dataset.name)?.tile ?? this.root.firstElementChild);
		this.update(true);
	}

	make(server) {
		const tile = document.createElement("button");
		tile.type = "button";
		tile.className = "server";
		tile.dataset.name = server.name;
		tile.tabIndex = -1;
		tile.setAttribute("role", "option");
		const parts = { tile };
		if (!this.dense) {
			tile.innerHTML = '<span class="name"><span></span><span class="of"></span></span><span class="cells" aria-hidden="true"></span><span class="foot"></span>';
			[parts.name, parts.of] = tile.querySelectorAll(".name > span");
			parts.name.textContent = server.name;
			parts.cells = tile.querySelector(".cells");
			parts.foot = tile.querySelector(".foot");
			tile.querySelector(".foot").style.display = "block";
		}
		this.tiles.set(server.name, parts);
		return tile;
	}

	update(whole) {
		for (const server of this.model.servers.values()) {
			const parts = this.tiles.get(server.name);
			if (!parts || (!whole && this.dense && parts.told === server)) continue;
			parts.told = server;
			this.show(parts, server);
		}
	}

	show(parts, server) {
		const { tile } = parts, up = server.state === "up";
		tile.className = `server ${server.state}`;
		tile.setAttribute("aria-selected", server.name === this.selected);
		tile.setAttribute("aria-label", this.describe(server).join(", "));
		tile.style.setProperty("--fill", `${Math.round(100 * Math.min(1, server.in_flight / Math.max(1, server.slots)))}%`);
		if (this.dense) return;
		parts.of.textContent = up ? `${server.in_flight} of ${server.slots}` : server.state;
		parts.foot.textContent = !up && server.last_error ? server.last_error :
			`${server.done.toLocaleString("en")} done` + (server.failed ? `, ${server.failed.toLocaleString("en")} failed` : "");
		this.showCells(parts.cells, server);
	}

	// Each slot is a cell, in the colour of the build that has it.
	showCells(cells, server) {
		const count = Math.min(CELLS_MAX, Math.max(server.slots, server.in_flight));
		while (cells.children.length < count) cells.append(document.createElement("i"));
		while (cells.children.length > count) cells.lastChild.remove();
		for (let slot = 0; slot < count; slot++) {
			const span = this.model.running(server.name, slot);
			cells.children[slot].style.backgroundColor = span ? `var(--b${this.model.colour(span.uid, span.build)})` : "";
		}
	}

	describe(server) {
		const lines = [server.name, `${server.in_flight} of ${server.slots} slots in use`, `${server.done.toLocaleString("en")} done`];
		if (server.failed) lines.push(`${server.failed.toLocaleString("en")} failed`);
		if (server.state !== "up") lines.push(server.state + (server.last_error ? `: ${server.last_error}` : ""));
		return lines;
	}

	setFocused(tile) {
		if (!tile) return;
		if (this.focused) this.focused.tabIndex = -1;
		tile.tabIndex = 0;
		this.focused = tile;
	}

	select(name) {
		const before = this.tiles.get(this.selected)?.tile;
		before?.setAttribute("aria-selected", "false");
		this.selected = name;
		this.tiles.get(name)?.tile.setAttribute("aria-selected", "true");
		this.onSelect(name);
	}

	onKey(event) {
		const tiles = [...this.root.children], at = tiles.indexOf(event.target.closest(".server"));
		if (at < 0) return;
		const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
		const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: tiles.length - 1 }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		tiles[Math.max(0, Math.min(tiles.length - 1, to))].focus();
	}
}
