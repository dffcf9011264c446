// Queues of rows to look at again: probable errors, and rows on which people do not agree.

import { get, surely } from "./api.js";
import { el, percent, say, some } from "./dom.js";
import { form } from "./forms.js";
import { named, refresh } from "./store.js";

class Queue {
  constructor() {
    this.rows = [];
    this.busy = false;
    this.chooser = new form.Chooser((labels) => this.send("label", labels));
  }

  async open() {
    this.rows = [];
    this.root.replaceChildren(el("p", { class: "soft" }, "…"));
    this.rows = await get(this.path);
    this.show();
  }

  close() {}

  show() {
    const row = this.rows[0];
    if (!row) {
      this.root.replaceChildren(el("section", { class: "item done" }, el("h2", {}, this.none), el("p", {}, this.why),
        el("p", { class: "actions" }, el("button", { type: "button", onclick: () => this.open() }, "Look again"))));
      return;
    }
    const text = el("p", { class: "text" });
    text.textContent = row.text || "(empty text)";
    this.root.replaceChildren(el("section", { class: "item", "aria-label": "Item" },
      el("p", { class: "over" }, `Row ${row.id}; ${some(this.rows.length, "row", "rows")} in the queue`),
      text, this.told(row), this.chooser.node,
      el("p", { class: "actions" }, this.buttons(row).map(([key, name, action]) => el("button", { type: "button", "aria-keyshortcuts": key, onclick: action }, el("kbd", { "aria-hidden": "true" }, key), name))),
      this.chooser.others));
    this.chooser.suggest(...this.suggested(row));
  }

  next() {
    this.rows.shift();
    if (this.rows.length) this.show();
    else this.open();
  }

  async send(kind, classes = []) {
    const row = this.rows[0];
    if (!row || this.busy) return;
    this.busy = true;
    try {
      await surely("answer", { kind, classes, rows: [row.row], how: this.how, final: this.how === "disagreement" && kind === "label", ask: false });
      say(`Saved: ${named(kind === "label" ? classes : null)}`);
      refresh().catch(() => null);
      this.next();
    } catch (error) {
      say(error.message, "error");
    } finally {
      this.busy = false;
    }
  }

  key(event) {
    const row = this.rows[0];
    if (!row) return false;
    const found = this.buttons(row).find(([key]) => key === event.key);
    if (found) found[2]();
    else if (this.chooser.press(event)) return true;
    else if (event.key === "/") this.chooser.search();
    else if (event.key !== "u" && /^\p{L}$/u.test(event.key)) this.chooser.search(event.key);
    else return false;
    return true;
  }

  undone() { return this.open(); }

  update() {}
}

export class Review extends Queue {
  path = "review";
  how = "review";
  none = "No probable errors";
  why = "Labels are compared with a model that has not seen them; that needs several labels of most classes, and some answers since.";

  keys() { return `k keep · ${form.keys.review} · letters search · x no label · s later · u undo`; }

  told(row) {
    return el("p", { class: "verdict" }, row.given ? "The table says " : "The label is ", el("strong", {}, named(row.labels)),
      form.doubt(row).map((part, place) => (place === 1 ? el("strong", {}, part) : part)));
  }

  buttons(row) {
    return [["k", `Keep ${named(row.labels)}`, () => this.send("label", row.labels)], ["x", "No label", () => this.send("unlabel")], ["s", "Later", () => this.next()]];
  }

  // What is in doubt comes first; what stands is marked.
  suggested(row) {
    const [more, less] = [row.better.filter((label) => !row.labels.includes(label)), row.labels.filter((label) => !row.better.includes(label))];
    const rest = row.labels.filter((label) => row.better.includes(label));
    return [[...more.map((label) => [label, null]), ...less.map((label) => [label, row.score]), ...rest.map((label) => [label, null])], row.labels];
  }
}

export class Disagreements extends Queue {
  path = "disagreements";
  how = "disagreement";
  none = "No disagreements";
  why = "Rows that two people label differently, or that somebody was not sure about, wait here.";

  keys() { return `${form.keys.settle} · letters search · x no label · s later · u undo`; }

  told(row) {
    if (!row.votes.length) return el("p", { class: "verdict" }, `Not sure: ${row.unsure.join(", ")}.`);
    return el("div", { class: "verdict" },
      el("ul", { class: "plain" }, row.votes.map((vote) => el("li", {}, `${vote.who}: `, el("strong", {}, named(vote.labels))))),
      el("p", {}, row.probable === null ? "Their answers weigh the same." : `Given how reliable each has been, ${named(row.probable)} is ${percent(row.confidence)} likely.`,
        " Your answer settles it."));
  }

  buttons() { return [["x", "No label", () => this.send("unlabel")], ["s", "Later", () => this.next()]]; }

  suggested(row) {
    if (!row.votes.length) return [row.suggestions, row.expected];
    const said = row.votes.map((vote) => vote.labels);
    const probable = row.probable ?? said[0].filter((label) => said.every((labels) => labels.includes(label)));
    const others = new Set(said.flat().filter((label) => !probable.includes(label)));
    const share = row.probable?.length === 1 ? row.confidence : null;
    return [[...probable.map((label) => [label, share]), ...[...others].map((label) => [label, null])], probable];
  }
}
