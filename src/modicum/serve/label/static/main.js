// The page: views by address, keys for all of them, and the news every second.

import { get, leave, me, surely, tab } from "./api.js";
import { Batch } from "./batch.js";
import { Classes } from "./classes.js";
import { byId, el, say } from "./dom.js";
import { take } from "./forms.js";
import { Plane } from "./map.js";
import { One, undone } from "./one.js";
import { draw } from "./panel.js";
import { Disagreements, Review } from "./queue.js";
import { refresh, setClasses, store } from "./store.js";

const root = byId("view");
const views = {};
let view = null;

const open = async () => {
  const name = location.hash.slice(1) in views ? location.hash.slice(1) : "one";
  view?.close();
  view = views[name];
  // A root of its own: what a view that was left still draws is not shown.
  const own = el("div");
  view.root = own;
  root.replaceChildren(own);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("keys").textContent = `Keys: ${view.keys()}`;
  try {
    await view.open();
  } catch (error) {
    own.replaceChildren(el("p", { class: "note" }, error.message || "The server cannot be reached."));
  }
};

const undo = async () => {
  try {
    const reply = await surely("undo", {});
    say(undone(reply.undone));
    await refresh();
    await view.undone?.();
  } catch (error) {
    say(error.message, "error");
  }
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || byId("dialog").open || !view) return;
  if (view.key(event)) event.preventDefault();
  else if (event.key === "u") {
    event.preventDefault();
    undo();
  }
});

const news = async () => {
  try {
    const status = await refresh();
    if (document.body.classList.contains("away")) {
      document.body.classList.remove("away");
      say("The server is back.");
    }
    view?.update(status);
  } catch (error) {
    if (!document.body.classList.contains("away")) say("No connection to modicum label: it is started with the same command. Nothing that was saved is lost.", "lasting");
    document.body.classList.add("away");
  }
  setTimeout(news, document.hidden ? 10000 : 1500);
};

const begin = async () => {
  const start = await get("start");
  setClasses(start.classes);
  store.figure = start.figure;
  take(start.several);
  Object.assign(views, {
    one: new One(), batch: new Batch(), review: new Review(), disagreements: new Disagreements(), map: new Plane(), classes: new Classes(),
  });
  const field = byId("who");
  me.who = localStorage.getItem("who") || start.who || "me";
  field.value = me.who;
  field.addEventListener("change", () => {
    me.who = field.value.trim() || start.who || "me";
    field.value = me.who;
    localStorage.setItem("who", me.who);
    open();
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") field.blur(); });
  byId("table").textContent = start.table;
  document.title = `${start.table}: labelling`;
  byId("notes").append(...start.notes.map((note) => el("p", { class: "note" }, note)));
  store.listeners.add(draw);
  addEventListener("hashchange", open);
  addEventListener("pagehide", () => leave(tab));
  await refresh();
  await open();
  news();
};

begin().catch((error) => root.replaceChildren(el("p", { class: "note" }, error.message || "The server cannot be reached.")));
