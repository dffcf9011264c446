// The live panel: how far, how good, what more would bring, how the classes are filled, who else is here.

import { download } from "./api.js";
import { broken, byId, el, number, percent, say, signed, some } from "./dom.js";
import { form } from "./forms.js";
import { hue, nameOf, store } from "./store.js";

const BARS = 12;

const save = async (format) => {
  try {
    const link = el("a", { href: URL.createObjectURL(await download(format)), download: `labels.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  } catch (error) {
    say(error.message || "The labels could not be fetched.", "error");
  }
};

const figure = (name, value, told) => el("div", {}, el("dt", {}, name), el("dd", { class: "figure" }, value), told ? el("dd", {}, told) : null);

const accuracy = (status) => {
  const found = status.accuracy;
  if (!found) return figure(store.figure, "not known yet", form.needed);
  const sample = found.fair
    ? `On ${some(found.rows, "row", "rows")} that chance picked, each held out.`
    : `On ${some(found.rows, "labelled row", "labelled rows")}, each held out. Not all were picked by chance, so the true figure may differ.`;
  return figure(store.figure, percent(found.accuracy), `${percent(found.low)} to ${percent(found.high)}. ${sample}${form.counted}`);
};

const gain = (status) => {
  const found = status.accuracy;
  if (found?.gain === undefined) return null;
  return figure(`Next ${found.next} ${form.unit[1]}`, `${signed(found.gain)} points`, `${signed(found.gain_low)} to ${signed(found.gain_high)}, four times in five.`);
};

const model = (status) => {
  const { version, behind, labels, recipe, failed } = status.model;
  if (failed) return "The model has stopped with a defect; answers are still saved.";
  if (!version) return "The first model is being made …";
  if (!recipe) return `No suggestions yet: ${form.least}.`;
  const late = behind ? `; ${some(behind, "change", "changes")} since` : "";
  return `Model ${version}, ${recipe}, from ${some(labels, ...form.unit)}${late}.`;
};

const filled = (classes, shown, empty) => {
  if (!classes) return "There is none yet: the first is made with + New class.";
  const more = classes - shown - empty > 0 ? `${number(classes - shown - empty)} more have labels, too. ` : "";
  return more + (empty ? `${some(empty, "class has", "classes have")} no label yet.` : "Every class has a label.");
};

const balance = (status) => {
  const counts = store.classes.map((each) => [each.number, status.balance[each.number] ?? 0]).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...counts.map(([, count]) => count));
  const empty = counts.filter(([, count]) => !count).length;
  const shown = counts.filter(([, count]) => count).slice(0, BARS);
  return el("section", {}, el("h2", {}, "Classes"),
    el("ul", { class: "bars" }, shown.map(([chosen, count]) => {
      const bar = el("span", { class: "bar", "aria-hidden": "true" });
      bar.style.setProperty("--v", count / most);
      bar.style.setProperty("--h", hue(chosen));
      return el("li", {}, el("span", { class: "name" }, broken(nameOf(chosen))), el("span", { class: "count" }, number(count)), bar);
    })),
    el("p", { class: "soft" }, filled(counts.length, shown.length, empty)));
};

const people = (status) => {
  const said = status.people.filter((each) => each.labels).map((each) => {
    const trusted = status.reliability[each.who];
    return el("li", {}, el("strong", {}, each.who), `: ${some(each.labels, ...form.unit)}`, trusted === undefined ? "" : `, ${form.trusted(trusted)}`);
  });
  if (said.length < 2 && status.tabs < 2) return null;
  return el("section", {}, el("h2", {}, "People"), el("ul", { class: "plain" }, said),
    el("p", { class: "soft" }, `${some(status.tabs, "tab is", "tabs are")} open. `,
      status.shared ? `On ${some(status.shared, "row", "rows")} with two answers ${form.agreed(status)}` : "No row has two answers yet."));
};

let drawn = "";
export const draw = (status) => {
  const key = JSON.stringify([status, store.classes.length]);
  if (key === drawn) return;
  drawn = key;
  const done = status.rows ? status.labelled / status.rows : 0;
  const progress = el("progress", { max: status.rows, value: status.labelled, "aria-label": "Labelled rows" }, percent(done));
  const panel = byId("panel");
  const exporting = panel.querySelector(".export") ?? el("section", { class: "export" }, el("h2", {}, "Export"),
    el("p", { class: "actions" }, ["csv", "jsonl", "parquet"].map((format) => el("button", { type: "button", class: "small", onclick: () => save(format) }, format.toUpperCase()))));
  panel.replaceChildren(
    el("dl", { class: "cards" },
      el("div", {}, el("dt", {}, "Labelled"), el("dd", { class: "figure" }, number(status.labelled)), el("dd", {}, `of ${number(status.rows)} rows`), el("dd", {}, progress)),
      accuracy(status), gain(status)),
    el("p", { class: "soft model" }, model(status)),
    balance(status), people(status) ?? "", exporting);
  for (const [id, count] of [["count-review", status.suspects], ["count-disagreements", status.disagreed + status.unsure]]) {
    byId(id).textContent = count ? number(count) : "";
  }
};
