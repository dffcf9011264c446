// One key for each thing one does with a paper. Keys rest where one types, and with Ctrl, Alt or the system's key.
import { byId } from "./dom.js";

const papers = () => [...document.querySelectorAll(".papers .paper")].filter((paper) => paper.getClientRects().length);
const current = () => document.querySelector(".papers .paper[data-current]") ?? document.querySelector(".paper.whole");

const go = (step) => {
  const all = papers();
  if (!all.length) return;
  const at = all.indexOf(document.querySelector("[data-current]"));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  for (const paper of all) delete paper.dataset.current;
  next.dataset.current = "";
  next.querySelector(".title a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
};

const press = (selector) => () => current()?.querySelector(selector)?.click();
// Opened and entered at once: what a click opens takes the focus later, and keys typed until then would be commands.
const tag = (details) => {
  if (!details) return;
  details.open = true;
  details.querySelector("input[name=name]").focus();
};
const DOES = {
  j: () => go(1),
  k: () => go(-1),
  o: press(".title a"),
  l: press("button.like"),
  h: press("button.hide"),
  t: () => tag(current()?.querySelector("details.tagging")),
  m: press("a.more"),
  "/": () => document.querySelector("[data-find]")?.focus(),
  "?": () => byId("keys").showModal(),
};

export const watchKeys = () => {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog[open]");
    if (event.key === "Escape" && event.target.closest?.("details.tagging")) {
      const details = event.target.closest("details");
      details.open = false;
      details.querySelector("summary").focus();
      return;
    }
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const does = DOES[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  document.addEventListener("focusin", (event) => {
    const paper = event.target.closest?.(".papers .paper");
    if (!paper) return;
    for (const one of document.querySelectorAll("[data-current]")) delete one.dataset.current;
    paper.dataset.current = "";
  });
};
