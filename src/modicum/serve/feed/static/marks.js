// Likes, hides, tags and notes: the forms of the page, sent without leaving it. Texts go through textContent alone.
import { byId, el, say } from "./dom.js";

const SAID = { like: ["Liked", "No longer liked"], hide: ["Hidden", "Shown again"], tag: ["Tagged", "Tag taken off"], note: ["Note kept", "Note kept"] };
const press = (button, on) => {
  button.setAttribute("aria-pressed", String(on));
  button.value = on ? "0" : "1";
};

const chip = (paper, name, back) => el("li", {},
  el("a", { href: `/tag?${new URLSearchParams({ name })}` }, name),
  el("form", { method: "post", action: `/paper/${paper}/tag`, dataset: { mark: "tag" } },
    el("input", { type: "hidden", name: "back", value: back }),
    el("input", { type: "hidden", name: "name", value: name }),
    el("button", { name: "on", value: "0", "aria-label": `Take off the tag ${name}` }, "×")));

const show = (told) => {
  for (const article of document.querySelectorAll(`[data-paper="${told.paper}"]`)) {
    for (const button of article.querySelectorAll("button.like")) press(button, told.liked);
    for (const button of article.querySelectorAll("button.hide")) press(button, told.hidden);
    article.classList.toggle("hidden-one", told.hidden);
    const back = location.pathname + location.search;
    article.querySelector("[data-tags]")?.replaceChildren(...told.tags.map((name) => chip(told.paper, name, back)));
  }
  byId("tags")?.replaceChildren(...told.all_tags.map((name) => el("option", { value: name })));
};

const send = async (form, button) => {
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  const reply = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
  const told = await reply.json();
  if (!reply.ok) throw new Error(told.error);
  const article = form.closest("[data-paper]");
  show(told);
  if (!form.isConnected) article.querySelector("summary")?.focus();
  const kind = form.dataset.mark;
  say(SAID[kind][body.get("on") === "0" ? 1 : 0]);
  const details = form.closest("details");
  if (details) {
    form.elements.name.value = "";
    details.open = false;
    details.querySelector("summary").focus();
  }
};

export const watchMarks = () => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.mark) return;
    event.preventDefault();
    send(form, event.submitter).catch((error) => say(error.message || "That could not be saved", "error"));
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.tagging") && event.target.open) event.target.querySelector("input[name=name]").focus();
  }, true);
};
