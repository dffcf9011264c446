// Groups of look-alike items: untick what does not belong, choose a class, and the rest is labelled at once.

import { get, leave, surely, tab } from "./api.js";
import { el, say, some } from "./dom.js";
import { form } from "./forms.js";
import { named, refresh } from "./store.js";

export class Batch {
  constructor() {
    this.groups = [];
    this.busy = false;
    this.chooser = new form.Chooser((labels) => this.label(labels));
  }

  keys() { return `${form.keys.all} · letters search · space ticks · s next group · u undo`; }

  async open() {
    this.groups = [];
    this.root.replaceChildren(el("p", { class: "soft" }, "Looking for rows that look alike …"));
    await this.left;
    const groups = await get("batches", { tab });
    if (!this.root.isConnected) return this.close();
    this.groups = groups;
    this.show();
  }

  close() { this.left = leave(`${tab}:batch`); }

  show() {
    const group = this.groups[0];
    if (!group) {
      this.root.replaceChildren(el("section", { class: "item done" },
        el("h2", {}, "No groups at the moment"),
        el("p", {}, "New ones are looked for each time the model is refitted: after a few answers."),
        el("p", { class: "actions" }, el("button", { type: "button", onclick: () => this.open() }, "Look again"))));
      return;
    }
    this.boxes = group.rows.map((row) => el("input", { type: "checkbox", id: `row-${row.row}`, value: row.row, checked: true, onchange: () => this.count() }));
    this.told = el("span");
    this.root.replaceChildren(el("section", { class: "item", "aria-label": "Group" },
      el("p", { class: "over" }, `${some(this.groups.length, "group", "groups")} left. Untick what does not belong; `, this.told),
      el("ul", { class: "alike" }, group.rows.map((row, place) => el("li", {}, this.boxes[place], el("label", { for: `row-${row.row}` }, row.text || "(empty text)")))),
      this.chooser.node,
      el("p", { class: "actions" },
        el("button", { type: "button", "aria-keyshortcuts": "s", onclick: () => this.skip() }, el("kbd", { "aria-hidden": "true" }, "s"), "Next group")),
      this.chooser.others));
    this.count();
    this.chooser.suggest(group.suggestions, group.expected);
  }

  ticked() { return this.boxes.filter((box) => box.checked).map((box) => Number(box.value)); }

  count() {
    const ticked = this.ticked().length;
    this.told.textContent = ticked ? `${form.batch} ${some(ticked, "row", "rows")}.` : "nothing is ticked.";
  }

  skip() {
    this.groups.shift();
    if (this.groups.length) this.show();
    else this.open();
  }

  async label(labels) {
    const rows = this.ticked();
    if (!rows.length) return say("Nothing is ticked.", "error");
    if (this.busy) return;
    this.busy = true;
    try {
      await surely("answer", { kind: "label", classes: labels, rows, how: "batch", ask: false });
      say(`Saved: ${some(rows.length, "row", "rows")} as ${named(labels)}. Undo (u) takes all of them back.`);
      refresh().catch(() => null);
      this.skip();
    } catch (error) {
      say(error.message, "error");
    } finally {
      this.busy = false;
    }
  }

  key(event) {
    if (event.key === "s") this.skip();
    else if (!this.groups.length) return false;
    else if (this.chooser.press(event)) return true;
    else if (event.key === "/") this.chooser.search();
    else if (event.key !== "u" && /^\p{L}$/u.test(event.key)) this.chooser.search(event.key);
    else return false;
    return true;
  }

  undone() { return this.open(); }

  update() {}
}
