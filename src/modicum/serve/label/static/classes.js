// Classes: what they are called, how many rows they have; add, rename, merge.

import { surely } from "./api.js";
import { ask, broken, el, number, say, some } from "./dom.js";
import { find, hue, nameOf, refresh, rowsOf, setClasses, store } from "./store.js";

const change = async (body, said) => {
  try {
    const reply = await surely("classes", body);
    setClasses(reply.classes);
    say(said);
    await refresh();
    return reply.number;
  } catch (error) {
    say(error.message, "error");
    return null;
  }
};

// Asks for a new class, with a hint what else comes of it; resolves to its number, or null.
export const addClass = async (name, hint = "") => {
  const values = await ask("A new class", [
    { name: "name", label: "Name", value: name },
    { name: "description", label: "Description (helps the model from the first label on)", long: true, most: 2000 },
  ], "Add", hint);
  if (!values?.name.trim()) return null;
  return change({ action: "add", name: values.name, description: values.description }, `Added: ${values.name.trim()}`);
};

const renameClass = async (each) => {
  const values = await ask(`Rename “${each.name}”`, [{ name: "name", label: "New name", value: each.name }], "Rename",
    "Labels go along, those of the table, too.");
  if (values?.name.trim() && values.name !== each.name) {
    await change({ action: "rename", into: each.number, name: values.name }, `Renamed to ${values.name.trim()}`);
  }
};

const mergeClass = async (each) => {
  const options = store.classes.filter((other) => other !== each).map((other) => [other.number, other.name]);
  if (!options.length) return say("There is no other class to merge it into.", "error");
  const values = await ask(`Merge “${each.name}” into another class`, [{ name: "into", label: "Into", options }], "Merge",
    `${some(rowsOf(each.number), "row goes", "rows go")} along. Undo (u) takes it back.`);
  if (values) {
    const into = Number(values.into);
    await change({ action: "merge", numbers: [each.number], into }, `Merged into ${nameOf(into)}`);
  }
};

export class Classes {
  constructor() {
    this.search = el("input", { type: "search", "aria-label": "Search a class", placeholder: "Search", autocomplete: "off" });
    this.search.addEventListener("input", () => this.draw());
  }

  keys() { return "u undo · + new class"; }

  open() {
    this.body = el("tbody");
    this.root.replaceChildren(el("section", { class: "wide" },
      el("h2", {}, "Classes"),
      el("p", { class: "tools" }, this.search, el("button", { type: "button", onclick: () => addClass("") }, el("kbd", { "aria-hidden": "true" }, "+"), "New class")),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {},
        el("th", { scope: "col" }, "Class"), el("th", { scope: "col", class: "end" }, "Rows"), el("th", { scope: "col" }, el("span", { class: "unseen" }, "Change")))), this.body))));
    this.draw();
  }

  close() {}

  draw() {
    this.drawn = `${store.status?.classes} ${store.status?.labelled}`;
    const found = find(this.search.value);
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.body.replaceChildren(...found.map((each) => {
      const dot = el("span", { class: "dot", "aria-hidden": "true" });
      dot.style.setProperty("--h", hue(each.number));
      return el("tr", {},
        el("th", { scope: "row" }, dot, broken(each.name), each.description ? el("span", { class: "steps" }, each.description) : null),
        el("td", { class: "end" }, number(rowsOf(each.number))),
        el("td", { class: "end" },
          el("button", { type: "button", class: "small", dataset: { key: `rename-${each.number}` }, "aria-label": `Rename ${each.name}`, onclick: () => renameClass(each) }, "Rename"),
          el("button", { type: "button", class: "small", dataset: { key: `merge-${each.number}` }, "aria-label": `Merge ${each.name} into another class`, onclick: () => mergeClass(each) }, "Merge…")));
    }));
    // What had the focus keeps it; after a merge its row is gone.
    if (focused) (this.body.querySelector(`[data-key="${focused}"]`) ?? this.search).focus();
    const none = store.classes.length ? "No class is called that." : "No class yet. Add one with +, or while labelling.";
    if (!found.length) this.body.append(el("tr", {}, el("td", { colspan: 3, class: "soft" }, none)));
  }

  update(status) {
    if (`${status.classes} ${status.labelled}` !== this.drawn) this.draw();
  }

  key(event) {
    if (event.key === "+") addClass("");
    else return false;
    return true;
  }
}
