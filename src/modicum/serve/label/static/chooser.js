// Choosing a class: suggestions under the number keys, all others by typing. Used by every view that labels.

import { addClass } from "./classes.js";
import { broken, el, percent, some } from "./dom.js";
import { find, hue, nameOf, rowsOf, store } from "./store.js";

const KEYS = 9;
const MOST = 100;
let lists = 0;

// Suggested classes first, then the others by how often they were used.
export const ordered = (suggestions) => {
  const suggested = suggestions.filter(([number]) => store.byNumber.has(number));
  const taken = new Set(suggested.map(([number]) => number));
  const others = store.classes.filter((each) => !taken.has(each.number))
    .sort((a, b) => rowsOf(b.number) - rowsOf(a.number)).map((each) => [each.number, null]);
  return [...suggested, ...others];
};

export class Chooser {
  // `answer` is called with the labels that were chosen; `state` says of a class whether it is "true", "false" or
  // "mixed" where classes are switched on and off, null where they are not.
  constructor(answer, state = () => null) {
    this.answer = answer;
    this.state = state;
    this.suggestions = [];
    this.shown = [];
    const id = `class-list-${++lists}`;
    this.input = el("input", {
      type: "search", role: "combobox", "aria-label": "Search a class by typing", "aria-expanded": "true",
      "aria-controls": id, placeholder: "Type to search a class", autocomplete: "off", spellcheck: "false",
    });
    this.list = el("ol", { class: "classes", id, "aria-label": "Classes" });
    this.input.addEventListener("input", () => this.draw());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.node = el("div", { class: "chooser" }, this.list, this.input);
    this.rest = el("ol", { class: "classes", "aria-label": "Other classes" });
    this.count = el("summary");
    this.others = el("details", { class: "others" }, this.count, this.rest);
    this.others.open = matchMedia("(min-width: 40rem)").matches;
  }

  suggest(suggestions) {
    this.suggestions = suggestions;
    this.input.value = "";
    this.draw();
  }

  // What comes of a new class beside its being there.
  get hint() { return "What is asked about gets it at once; undo (u) takes the label back."; }

  pick(number) { this.answer([number]); }

  // Asks for a new class and picks it.
  async create(name = "") {
    const found = await addClass(name, this.hint);
    if (found !== null) this.pick(found);
  }

  // Enter in the search field.
  take() {
    if (this.shown.length) this.pick(this.shown[0][0]);
    else if (this.input.value.trim()) this.create(this.input.value.trim());
  }

  key(event) {
    if (event.isComposing) return; // Enter ends the composition of an input method, and is no answer
    if (event.key === "Enter") {
      event.preventDefault();
      this.take();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.input.value = "";
      this.draw();
      this.input.blur();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      this.list.querySelector("button")?.focus();
    }
    event.stopPropagation();
  }

  draw() {
    const typed = this.input.value.trim();
    const all = ordered(this.suggestions);
    const chances = new Map(all);
    const found = typed ? find(typed).map((each) => [each.number, chances.get(each.number) ?? null]) : all;
    this.shown = found.slice(0, KEYS);
    this.list.replaceChildren(...this.shown.map(([number, chance], place) => this.entry(number, chance, place)));
    if (typed && !found.length) {
      this.list.append(el("li", { class: "soft more" }, "No class is called that. ",
        el("button", { type: "button", class: "link", onclick: () => this.create(typed) }, `Add “${typed}”`)));
    }
    const rest = found.slice(KEYS);
    this.others.hidden = !rest.length;
    this.count.textContent = typed ? some(rest.length, "more class fits", "more classes fit") : some(rest.length, "other class", "other classes");
    this.rest.replaceChildren(...rest.slice(0, MOST).map(([number, chance]) => this.entry(number, chance, KEYS)));
    if (rest.length > MOST) this.rest.append(el("li", { class: "soft more" }, `and ${rest.length - MOST} more: type to find them`));
  }

  entry(number, chance, place) {
    const name = nameOf(number);
    const key = place < KEYS ? String(place + 1) : "";
    const told = [name, chance === null ? "" : `${percent(chance)} likely`, key ? `key ${key}` : ""].filter(Boolean).join(", ");
    const pressed = this.state(number);
    const button = el("button", {
      type: "button", class: chance !== null && place === 0 && pressed === null ? "class best" : "class", "aria-label": told,
      title: store.byNumber.get(number)?.description || null, onclick: (event) => this.clicked(number, event),
      onkeydown: (event) => this.move(event), "aria-pressed": pressed, dataset: { number },
    },
    el("kbd", { "aria-hidden": "true" }, key), el("span", { class: "dot", "aria-hidden": "true" }),
    el("span", { class: "name" }, broken(name)),
    el("span", { class: "chance", "aria-hidden": "true" }, chance === null ? "" : percent(chance)));
    button.style.setProperty("--h", hue(number));
    button.style.setProperty("--p", chance ?? 0);
    return el("li", {}, button);
  }

  clicked(number) { this.pick(number); }

  move(event) {
    const buttons = [...this.list.querySelectorAll("button.class")];
    const at = buttons.indexOf(event.currentTarget);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    (buttons[at + step] ?? (step < 0 ? this.input : buttons[at])).focus();
  }

  // A key pressed anywhere on the page: numbers choose, letters begin a search. Returns whether it was used.
  press(event) {
    if (/^[1-9]$/.test(event.key)) {
      const found = this.shown[Number(event.key) - 1];
      if (found) this.pick(found[0]);
      return true;
    }
    return false;
  }

  search(first = "") {
    this.input.focus();
    this.input.value = first;
    this.draw();
  }
}
