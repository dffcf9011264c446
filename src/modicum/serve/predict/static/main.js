// The page to try a service: texts in, answers out, and beside them how traffic compares with the training table.

import { broken, byId, el, number, percent, say, some } from "./dom.js";
import "./token.js";

const EVERY = 5000;
const SHOWN = 12;
let state = { classes: [], search: false, feedback: false };

const call = async (path, body = null) => {
  const token = sessionStorage.getItem("token");
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const reply = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  const told = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(told.error || `the service refused (${reply.status})`);
  return told;
};

// A predicted number: a small one keeps its digits.
const figure = (value) => (Math.abs(value) < 1 ? value.toLocaleString("en", { maximumSignificantDigits: 3 }) : number(value));

const told = (value) => (Array.isArray(value) ? value.join(", ") || "no label" : typeof value === "number" ? figure(value) : value);

const bars = (probabilities) => el("ul", { class: "bars" }, Object.entries(probabilities).map(([name, share]) => {
  const bar = el("span", { class: "bar" });
  bar.style.setProperty("--v", share);
  return el("li", {}, el("span", {}, ...broken(name)), el("span", { class: "count" }, percent(share)), bar);
}));

// A correction, by choosing the right class.
const fix = (text, answer) => {
  const several = Array.isArray(answer.prediction);
  const choice = el("select", { "aria-label": "The right class", multiple: several, size: several ? 4 : null },
    several ? null : el("option", { value: "" }, "another class is right…"),
    state.classes.map((name) => el("option", { value: name, selected: several && answer.prediction.includes(name) }, name)));
  const save = el("button", { type: "button", class: "small" }, "Save the correction");
  const line = el("p", { class: "fix" }, choice, save);
  save.addEventListener("click", async () => {
    const names = [...choice.selectedOptions].map((option) => option.value).filter(Boolean);
    if (!several && !names.length) { choice.focus(); return; }
    try {
      await call("v1/feedback", { text, label: several ? names : names[0] });
      line.replaceChildren(el("span", { class: "soft" }, `Saved: ${told(several ? names : names[0])}.`));
    } catch (error) { say(error.message, "error"); }
  });
  return line;
};

const shown = (text, answer) => el("section", { class: "answer" },
  el("p", { class: "asked" }, text),
  el("h2", {}, ...broken(String(told(answer.prediction)))),
  answer.unknown ? el("p", { class: "mark" }, "Probably none of the classes.") : null,
  answer.probabilities ? bars(answer.probabilities) : null,
  answer.prediction_set?.length ? el("p", { class: "set" }, el("span", { class: "soft" }, "Cannot be ruled out: "), answer.prediction_set.join(", ")) : null,
  "low" in answer ? el("p", { class: "set" }, answer.low === null ? "no interval can be promised" : `${figure(answer.low)} to ${figure(answer.high)}`) : null,
  state.feedback && state.classes.length ? fix(text, answer) : null);

const asked = () => byId("texts").value.split("\n").filter((line) => line.trim());

const busy = async (work) => {
  const texts = asked();
  if (!texts.length) { byId("texts").focus(); return; }
  try {
    byId("answers").replaceChildren(...await work(texts));
  } catch (error) { say(error.message, "error"); }
  look();
};

const classify = () => busy(async (texts) => {
  const found = await call("v1/predict", { items: texts, top: 5 });
  return found.answers.map((answer, place) => shown(texts[place], answer));
});

const search = () => busy(async (texts) => {
  const found = await call("v1/search", { query: texts.join(" "), top: 10 });
  const rows = found.hits.map((hit) => el("li", {}, hit.text, " ", el("span", { class: "soft" }, hit.id)));
  return [el("section", { class: "answer" }, el("h2", {}, some(rows.length, "row", "rows")), el("ol", { class: "hits" }, rows))];
});

const row = (name, ...values) => el("tr", {}, el("th", { scope: "row" }, ...broken(name)), values.map((value) => el("td", {}, value)));
const share = (value) => (value === null ? "–" : percent(value));

const panel = (seen) => {
  const drift = seen.drift;
  const moved = Object.entries(drift.shares).sort((a, b) => Math.abs(b[1][0] - (b[1][1] ?? 0)) - Math.abs(a[1][0] - (a[1][1] ?? 0)));
  const parts = [
    el("h2", {}, "Recent traffic"),
    drift.alarm ? el("p", { class: "alarm", id: "alarm" }, "Recent traffic is not like the training table.") : null,
    drift.items
      ? el("dl", {},
        el("dt", {}, "Items"), el("dd", {}, number(drift.items)),
        drift.distance === null ? null : [el("dt", {}, "Classes moved"), el("dd", {}, `${percent(drift.distance)} (under ${percent(drift.distance_limit)} by chance)`)],
        drift.unknown === null ? null : [el("dt", {}, "No class"), el("dd", {}, `${percent(drift.unknown)} (training ${percent(drift.unknown_trained)}, under ${percent(drift.unknown_limit)} by chance)`)])
      : el("p", { class: "soft" }, "Nothing was asked yet."),
    drift.items ? el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Class"), el("th", { scope: "col" }, "recent"), el("th", { scope: "col" }, "training"))),
      el("tbody", {}, moved.slice(0, SHOWN).map(([name, [now, then]]) => row(name, share(now), share(then))))) : null,
    el("section", {}, el("h2", {}, "The bundle"),
      el("dl", {},
        el("dt", {}, "Name"), el("dd", {}, seen.bundle),
        el("dt", {}, "Encoder"), el("dd", {}, seen.encoder),
        el("dt", {}, "Classes"), el("dd", {}, number(seen.classes.length)),
        el("dt", {}, "Waiting"), el("dd", {}, number(seen.waiting)))),
  ];
  byId("panel").replaceChildren(...parts.filter((part) => part !== null));
};

const look = async () => {
  try {
    const seen = await call("v1/status");
    state = seen;
    byId("recipe").textContent = seen.recipe;
    byId("search").hidden = !seen.search;
    panel(seen);
  } catch (error) { say(error.message, "error"); }
};

byId("form").addEventListener("submit", (event) => { event.preventDefault(); classify(); });
byId("search").addEventListener("click", search);
byId("texts").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); classify(); }
});
// With a token a link cannot be followed, as the browser would not send it.
byId("interface").addEventListener("click", async (event) => {
  if (!sessionStorage.getItem("token")) return;
  event.preventDefault();
  const blob = new Blob([JSON.stringify(await call("openapi.json"), null, 1)], { type: "application/json" });
  el("a", { href: URL.createObjectURL(blob), download: "openapi.json" }).click();
});
look();
setInterval(() => { if (!document.hidden) look(); }, EVERY);
