// The map: near means similar. A lasso around points labels or unlabels them all; suspected errors stand out.

import { get, me, post, surely } from "./api.js";
import { Chooser } from "./chooser.js";
import { el, number, say, some } from "./dom.js";
import { form } from "./forms.js";
import { hue, named, nameOf, refresh } from "./store.js";

const MARGIN = 0.03;
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export class Plane {
  constructor() {
    this.points = null;
    this.selected = new Set();
    this.path = [];
    this.here = -1;
    this.box = [0, 0, 1, 1];
    this.show = { open: true, labelled: true, suspect: true };
    this.busy = false;
    this.alive = false;
    this.chooser = new Chooser((labels) => this.label(labels), (chosen) => this.shared(chosen));
  }

  keys() { return `draw around points · Shift adds · arrows and space pick by keyboard · ${form.keys.map} · x unlabel · Esc clear · u undo`; }

  async open() {
    this.alive = true;
    this.points = null;
    this.root.replaceChildren(el("p", { class: "soft" }, "The map is being drawn; that takes some seconds the first time …"));
    while (this.alive) {
      const points = await get("map");
      if (points) {
        this.points = points;
        break;
      }
      await new Promise((done) => setTimeout(done, 800));
    }
    if (!this.alive) return;
    this.build();
    this.redraw();
  }

  close() {
    this.alive = false;
    this.watch?.disconnect();
  }

  build() {
    this.canvas = el("canvas", {
      class: "plane", tabindex: "0", role: "application", "aria-roledescription": "map",
      "aria-label": "Map of the rows. Arrow keys go from point to point, space picks a point.", "aria-describedby": "map-told",
    });
    this.told = el("p", { id: "map-told", class: "told", "aria-live": "polite" }, "Draw around points to pick them.");
    const box = (key, text) => el("label", {}, el("input", { type: "checkbox", checked: this.show[key], onchange: (event) => { this.show[key] = event.target.checked; this.draw(); } }), text);
    this.side = el("div", { class: "picked" });
    this.root.replaceChildren(el("section", { class: "wide" },
      el("p", { class: "tools" }, box("labelled", "labelled ●"), box("open", "without a label ·"), box("suspect", "suspected errors ◯"),
        el("button", { type: "button", class: "small", onclick: () => this.zoom(1.5) }, "Zoom in"),
        el("button", { type: "button", class: "small", onclick: () => { this.box = [0, 0, 1, 1]; this.draw(); } }, "Whole map")),
      this.canvas, this.told, this.side));
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => { this.path = []; this.draw(); });
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.zoom(event.deltaY < 0 ? 1.25 : 0.8, this.spot(event)); }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.walk(event));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(canvas);
    this.light = matchMedia("(prefers-color-scheme: dark)");
    this.light.onchange = () => this.draw();
  }

  // Place on the canvas, in its own pixels.
  at(point) {
    const [left, top, right, bottom] = this.box;
    const [x, y] = [this.points.x[point], 1 - this.points.y[point]];
    const span = (value, low, high, size) => (MARGIN + (1 - 2 * MARGIN) * ((value - low) / (high - low))) * size;
    return [span(x, left, right, this.width), span(y, top, bottom, this.height)];
  }

  spot(event) {
    const frame = this.canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  known(point) { return this.points.label[point] !== -1; }

  // The labels of a point, null where it has none.
  labels(point) {
    const { label, sets } = this.points;
    return sets ? sets[point] : this.known(point) ? [label[point]] : null;
  }

  // Where rows may have several labels: whether all picked ones have this one, some, or none.
  shared(chosen) {
    if (!this.points.sets) return null;
    const having = [...this.selected].filter((point) => this.labels(point)?.includes(chosen)).length;
    return having === this.selected.size ? "true" : having ? "mixed" : "false";
  }

  visible(point) {
    if (this.points.suspect[point] && this.show.suspect) return true;
    return this.known(point) ? this.show.labelled : this.show.open;
  }

  zoom(factor, spot = [this.width / 2, this.height / 2]) {
    const [left, top, right, bottom] = this.box;
    const part = ([at, size]) => (at / size - MARGIN) / (1 - 2 * MARGIN);
    const [px, py] = [part([spot[0], this.width]), part([spot[1], this.height])];
    const [x, y] = [left + px * (right - left), top + py * (bottom - top)];
    const [w, h] = [Math.min((right - left) / factor, 1), Math.min((bottom - top) / factor, 1)];
    const [l, t] = [Math.min(Math.max(x - px * w, 0), 1 - w), Math.min(Math.max(y - py * h, 0), 1 - h)];
    this.box = [l, t, l + w, t + h];
    this.draw();
  }

  draw() {
    if (!this.points || !this.canvas.isConnected) return;
    const ratio = devicePixelRatio || 1;
    const frame = this.canvas.getBoundingClientRect();
    [this.width, this.height] = [frame.width, frame.height];
    this.canvas.width = Math.round(frame.width * ratio);
    this.canvas.height = Math.round(frame.height * ratio);
    const ink = this.canvas.getContext("2d");
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.canvas);
    const token = (name) => style.getPropertyValue(name).trim();
    const light = token("--map-l");
    const colour = (chosen) => (chosen < 0 ? token("--grey") : `hsl(${hue(chosen)} 60% ${light})`);
    const { label, guess, suspect } = this.points;
    const disc = (x, y, r) => { ink.beginPath(); ink.arc(x, y, r, 0, 2 * Math.PI); };
    for (const labelled of [false, true]) {
      for (let i = 0; i < label.length; i++) {
        if (this.known(i) !== labelled || !this.visible(i)) continue;
        const [x, y] = this.at(i);
        ink.globalAlpha = labelled ? 1 : 0.4;
        ink.fillStyle = colour(labelled ? label[i] : guess[i]);
        disc(x, y, labelled ? 4.5 : 2.6);
        ink.fill();
        if (labelled) {
          ink.lineWidth = 1;
          ink.strokeStyle = token("--ink");
          ink.stroke();
        }
      }
    }
    ink.globalAlpha = 1;
    for (let i = 0; i < label.length; i++) {
      const [x, y] = this.at(i);
      if (suspect[i] && this.show.suspect) {
        ink.lineWidth = 2.5;
        ink.strokeStyle = token("--alarm");
        disc(x, y, 9);
        ink.stroke();
      }
      if (this.selected.has(i)) {
        ink.lineWidth = 2;
        ink.strokeStyle = token("--accent");
        disc(x, y, 6.5);
        ink.stroke();
      }
      if (i === this.here) {
        ink.lineWidth = 2;
        ink.strokeStyle = token("--ink");
        ink.strokeRect(x - 9, y - 9, 18, 18);
      }
    }
    if (this.path.length > 1) {
      ink.beginPath();
      this.path.forEach(([x, y], place) => (place ? ink.lineTo(x, y) : ink.moveTo(x, y)));
      ink.closePath();
      ink.fillStyle = token("--lasso");
      ink.fill();
      ink.strokeStyle = token("--accent");
      ink.lineWidth = 1.5;
      ink.stroke();
    }
  }

  down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.path = [this.spot(event)];
  }

  move(event) {
    if (this.path.length) {
      this.path.push(this.spot(event));
      this.draw();
      return;
    }
    const near = this.nearest(this.spot(event), 8);
    if (near !== this.here) {
      this.here = near;
      this.tell(near);
      this.draw();
    }
  }

  up(event) {
    const path = this.path;
    this.path = [];
    if (!path.length) return;
    const inside = path.length > 4 ? this.within(path) : [this.nearest(this.spot(event), 12)].filter((point) => point >= 0);
    if (!event.shiftKey) this.selected.clear();
    for (const point of inside) this.selected.add(point);
    this.picked();
  }

  nearest([x, y], reach) {
    let [best, least] = [-1, reach ** 2];
    for (let i = 0; i < this.points.rows.length; i++) {
      if (!this.visible(i)) continue;
      const [px, py] = this.at(i);
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  within(path) {
    const inside = [];
    for (let i = 0; i < this.points.rows.length; i++) {
      if (!this.visible(i)) continue;
      const [x, y] = this.at(i);
      let odd = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
        const [ax, ay] = path[a];
        const [bx, by] = path[b];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
      if (odd) inside.push(i);
    }
    return inside;
  }

  walk(event) {
    const way = ARROWS[event.key];
    if (way) {
      const [x, y] = this.here >= 0 ? this.at(this.here) : [this.width / 2, this.height / 2];
      let [best, least] = [-1, Infinity];
      for (let i = 0; i < this.points.rows.length; i++) {
        if (i === this.here || !this.visible(i)) continue;
        const [px, py] = this.at(i);
        const along = (px - x) * way[0] + (py - y) * way[1];
        const across = Math.abs((px - x) * way[1]) + Math.abs((py - y) * way[0]);
        if (along > 0.5 && along + 2.5 * across < least) [best, least] = [i, along + 2.5 * across];
      }
      if (best >= 0) {
        this.here = best;
        this.tell(best);
        this.draw();
      }
    } else if (event.key === " " && this.here >= 0) {
      if (!this.selected.delete(this.here)) this.selected.add(this.here);
      this.picked();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async tell(point) {
    if (point < 0) {
      this.told.textContent = this.selected.size ? `${some(this.selected.size, "row", "rows")} picked.` : "Draw around points to pick them.";
      return;
    }
    clearTimeout(this.waiting);
    this.waiting = setTimeout(async () => {
      const row = await get("row", { row: this.points.rows[point], who: me.who }).catch(() => null);
      if (!row || this.here !== point) return;
      const label = row.labels ? `${named(row.labels)} (label)` : row.suggestions.length ? `${nameOf(row.suggestions[0][0])} (guess)` : "no label";
      const odd = this.points.suspect[point] ? ", suspected error" : "";
      this.told.textContent = `${label}${odd}: ${row.text.length > 200 ? `${row.text.slice(0, 199)}…` : row.text}`;
    }, 120);
  }

  rows() { return [...this.selected].map((point) => this.points.rows[point]); }

  async picked() {
    this.draw();
    const rows = this.rows();
    if (!rows.length) {
      this.side.replaceChildren();
      this.told.textContent = "Draw around points to pick them.";
      return;
    }
    const { guess } = this.points;
    const labelled = [...this.selected].filter((point) => this.known(point)).length;
    this.told.textContent = `${some(rows.length, "row", "rows")} picked, ${number(labelled)} of them labelled.`;
    const counts = new Map();
    for (const point of this.selected) {
      const said = this.labels(point) ?? (guess[point] >= 0 ? [guess[point]] : []);
      for (const chosen of said) counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    const common = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([chosen, count]) => [chosen, count / rows.length]);
    const list = el("ul", { class: "alike" });
    this.side.replaceChildren(
      el("h2", {}, `Label ${some(rows.length, "row", "rows")}`), this.chooser.node,
      el("p", { class: "actions" },
        el("button", { type: "button", onclick: () => this.unlabel() }, el("kbd", { "aria-hidden": "true" }, "x"), "Unlabel all"),
        el("button", { type: "button", onclick: () => this.clear() }, el("kbd", { "aria-hidden": "true" }, "Esc"), "Pick nothing")), list, this.chooser.others);
    this.chooser.suggest(common);
    const lines = await post("lines", { rows: rows.slice(0, 8) }).catch(() => []);
    list.replaceChildren(...lines.map((line) => el("li", {}, line.text)), rows.length > 8 ? el("li", { class: "soft" }, `and ${number(rows.length - 8)} more`) : "");
  }

  clear() {
    this.selected.clear();
    this.picked();
  }

  label([chosen]) {
    const shared = this.shared(chosen);
    if (shared === null) return this.send("label", [chosen], nameOf(chosen));
    if (shared === "true") return this.send("remove", [chosen], `${nameOf(chosen)} removed`);
    const bare = [...this.selected].filter((point) => !this.known(point)).length;
    const alone = bare ? `; ${some(bare, "row", "rows")} without a label got it alone` : "";
    return this.send("add", [chosen], `${nameOf(chosen)} added${alone}`);
  }

  unlabel() { return this.send("unlabel", [], "no label"); }

  async send(kind, classes, said) {
    const rows = this.rows();
    if (!rows.length || this.busy) return;
    this.busy = true;
    try {
      await surely("answer", { kind, classes, rows, how: "map", ask: false });
      say(`Saved: ${some(rows.length, "row", "rows")}, ${said}. Undo (u) takes all of them back.`);
      // Another label may follow the one that was added.
      if (kind !== "add" && kind !== "remove") this.selected.clear();
      await this.redraw();
      refresh().catch(() => null);
    } catch (error) {
      say(error.message, "error");
    } finally {
      this.busy = false;
    }
  }

  async redraw() {
    this.points = (await get("map")) ?? this.points;
    this.events = undefined;
    this.picked();
  }

  undone() { return this.points && this.redraw(); }

  key(event) {
    if (!this.points) return false;
    if (event.key === "Escape") this.clear();
    else if (!this.selected.size) return false;
    else if (this.chooser.press(event)) return true;
    else if (event.key === "x") this.unlabel();
    else if (event.key === "/") this.chooser.search();
    else if (event.key !== "u" && /^\p{L}$/u.test(event.key)) this.chooser.search(event.key);
    else return false;
    return true;
  }

  // Labels of others and a new model change the colours; what is picked stays picked.
  async update(status) {
    const now = `${status.events} ${status.model.version}`;
    if (!this.points || this.busy || this.path.length || now === this.events) return;
    const first = this.events === undefined;
    this.events = now;
    if (first) return;
    this.points = (await get("map")) ?? this.points;
    this.draw();
  }
}
