// Choosing a set of classes: number keys switch them on and off, Enter saves the set, the empty one as well.

import { Chooser } from "./chooser.js";
import { broken, el } from "./dom.js";
import { hue, nameOf, named, store } from "./store.js";

export class Marker extends Chooser {
  constructor(answer) {
    super(answer, (number) => String(this.marks.has(number)));
    this.marks = new Set();
    this.set = el("span", { class: "set", "aria-live": "polite" });
    this.button = el("button", { type: "button", class: "main", "aria-keyshortcuts": "Enter", onclick: () => this.save() }, el("kbd", { "aria-hidden": "true" }, "Enter"), "Save");
    this.node.append(el("p", { class: "marked" }, this.set, this.button));
  }

  suggest(suggestions, expected = []) {
    this.marks = new Set(expected.filter((number) => store.byNumber.has(number)));
    super.suggest(suggestions);
    this.tell();
  }

  get hint() { return "It is marked at once; Enter saves it with what else is marked."; }

  pick(number) {
    if (!this.marks.delete(number)) this.marks.add(number);
    for (const button of document.querySelectorAll(`.class[data-number="${number}"]`)) button.setAttribute("aria-pressed", this.state(number));
    this.tell();
  }

  // A button that was clicked lets go of the focus, so that Enter saves; one that was pressed by keyboard keeps it.
  clicked(number, event) {
    this.pick(number);
    if (event.detail) event.currentTarget.blur();
  }

  // What is searched for is wanted: a mark that is there stays.
  take() {
    if (!this.input.value.trim()) return this.save();
    if (!this.marks.has(this.shown[0]?.[0])) super.take();
    this.input.value = "";
    this.draw();
    this.input.blur();
  }

  // What would be saved; a click takes a label away.
  tell() {
    const chips = [...this.marks].map((number) => {
      const chip = el("button", { type: "button", class: "chip", "aria-label": `Remove ${nameOf(number)}`, onclick: () => this.pick(number) },
        el("span", { class: "dot", "aria-hidden": "true" }), el("span", {}, broken(nameOf(number))), el("span", { "aria-hidden": "true" }, "×"));
      chip.style.setProperty("--h", hue(number));
      return chip;
    });
    this.set.replaceChildren(...(chips.length ? chips : [el("span", { class: "soft" }, "None of these")]));
    this.button.setAttribute("aria-label", `Save: ${named([...this.marks])}`);
  }

  save() { this.answer([...this.marks]); }

  press(event) {
    if (event.key === "Enter" && !event.target.closest("button, a, summary, canvas")) {
      if (!event.repeat) this.save();
      return true;
    }
    return super.press(event);
  }
}
