// One item at a time.

import { get, post, surely } from "./api.js";
import { ask, el, number, say, some } from "./dom.js";
import { form } from "./forms.js";
import { named, refresh, store } from "./store.js";

const WHY = {
  random: "picked by chance, as a fair sample for the accuracy",
  overlap: "another person has labelled it, too: this tells how far you agree",
  skip: "you skipped it earlier; nothing else is left",
  review: "", map: "", batch: "", disagreement: "", import: "",
};

export class One {
  constructor() {
    this.question = null;
    this.busy = false;
    this.last = null;
    this.chooser = new form.Chooser((labels) => this.send("label", labels));
  }

  keys() { return `${form.keys.choose} · letters search · s skip · ? not sure · n note · u undo · + new class`; }

  async open() {
    this.question = null;
    this.root.replaceChildren(el("p", { class: "soft" }, "…"));
    const reply = await post("ask", {});
    this.show(reply.question);
  }

  close() {}

  show(question, marks = question?.expected) {
    this.question = question;
    if (!question) {
      const rows = store.status ? store.status.labelled : 0;
      this.root.replaceChildren(el("section", { class: "item done" },
        el("h2", {}, "Nothing is left to ask"),
        el("p", {}, `${some(rows, "row is", "rows are")} labelled; others may hold the rest in their tabs. Look at probable errors and disagreements, or export the labels.`),
        this.actions()));
      return;
    }
    const text = el("p", { class: "text", id: "item-text" });
    text.textContent = question.text || "(empty text)";
    if (!question.text) text.classList.add("absent");
    const rest = question.cut ? el("button", { type: "button", class: "link", onclick: () => this.whole(text, rest) },
      `Show ${some(question.cut, "more character", "more characters")}`) : null;
    const why = WHY[question.how] ?? "the model is not sure: its label teaches most";
    this.note = el("p", { class: "own-note", hidden: !question.note }, `Your note: ${question.note}`);
    this.root.replaceChildren(
      el("section", { class: "item", "aria-label": "Item", tabindex: "-1" },
        el("p", { class: "over" }, `Row ${question.id}`, why ? `: ${why}` : ""),
        text, rest,
        question.fields.length ? el("dl", { class: "fields" }, question.fields.map((field) => el("div", {}, el("dt", {}, field.name), el("dd", {}, field.value)))) : null,
        this.note,
        this.chooser.node,
        this.actions(),
        this.before(),
        this.chooser.others));
    this.chooser.suggest(question.suggestions, marks);
  }

  actions() {
    const button = (key, text, action, label) => el("button", { type: "button", onclick: action, "aria-keyshortcuts": key, "aria-label": label || null },
      el("kbd", { "aria-hidden": "true" }, key), text);
    return el("p", { class: "actions", role: "group", "aria-label": "Other answers" },
      this.question ? [
        button("s", "Skip", () => this.send("skip")),
        button("?", "Not sure", () => this.send("unsure")),
        button("n", "Note", () => this.takeNote()),
      ] : null,
      button("u", "Undo", () => this.undo(), "Undo my last answer"),
      button("+", "New class", () => this.chooser.create()));
  }

  before() {
    return this.last ? el("p", { class: "before soft" }, "Before: ", el("q", {}, this.last.text), ` → ${this.last.told}`) : null;
  }

  async send(kind, classes = []) {
    const question = this.question;
    if (!question || this.busy) return;
    this.busy = true;
    this.root.setAttribute("aria-busy", "true");
    try {
      const reply = await surely("answer", { kind, classes, rows: [question.row], how: question.how, model: question.model });
      const told = { label: named(classes), skip: "skipped", unsure: "not sure" }[kind];
      this.last = { text: question.text.length > 80 ? `${question.text.slice(0, 79)}…` : question.text, told };
      say(`Saved: ${told}`);
      this.show(reply.question);
      refresh().catch(() => null);
    } catch (error) {
      say(error.message, "error");
    } finally {
      this.busy = false;
      this.root.removeAttribute("aria-busy");
    }
  }

  async undo() {
    if (this.busy) return;
    this.busy = true;
    try {
      const reply = await surely("undo", {});
      say(undone(reply.undone));
      this.last = null;
      await refresh();
      const again = reply.undone?.kind === "label" && reply.undone.rows.includes(reply.question?.row);
      this.show(reply.question, again ? numbersOf(reply.undone.classes) : undefined);
    } catch (error) {
      say(error.message, "error");
    } finally {
      this.busy = false;
    }
  }

  async takeNote() {
    const question = this.question;
    const values = await ask("A note on this item", [{ name: "note", label: "Note", long: true, most: 5000, value: question.note }], "Save");
    if (!values || values.note === question.note) return;
    await surely("answer", { kind: "note", rows: [question.row], text: values.note, ask: false });
    question.note = values.note;
    this.note.textContent = `Your note: ${values.note}`;
    this.note.hidden = !values.note;
    say("Note saved.");
  }

  async whole(text, button) {
    const reply = await get("text", { row: this.question.row });
    text.textContent = reply.text;
    button.remove();
  }

  key(event) {
    if (this.chooser.press(event)) return true;
    const action = {
      s: () => this.send("skip"), "?": () => this.send("unsure"), n: () => this.question && this.takeNote(),
      u: () => this.undo(), "/": () => this.chooser.search(), "+": () => this.chooser.create(),
    }[event.key];
    if (action) action();
    else if (/^\p{L}$/u.test(event.key)) this.chooser.search(event.key);
    else return false;
    return true;
  }

  update() {}
}

const numbersOf = (names) => store.classes.filter((each) => names.includes(each.name)).map((each) => each.number);

export const undone = (event) => {
  if (!event) return "There is nothing of yours left to undo.";
  const rows = event.rows.length;
  const what = {
    label: `the label ${event.classes.join(", ") || "none of these"}`, unlabel: "the removal of labels", remove: `the removal of the label ${event.classes.join(", ")}`, skip: "the skip", unsure: "“not sure”", note: "the note",
    class_added: `the new class ${event.classes[0]}`, class_renamed: `the renaming of ${event.classes[0]}`,
    class_merged: `the merging of ${event.classes.slice(0, -1).join(", ")}`,
  }[event.kind];
  return `Undone: ${what}${rows > 1 ? ` of ${number(rows)} rows` : ""}.`;
};

