// Results while one types: the same part of the page that the form's answer holds, made by the server.
import { byId } from "./dom.js";

const PAUSE = 120;

export const watchSearch = () => {
  const form = document.querySelector("form[data-search]");
  if (!form) return;
  const results = byId("results");
  let timer = 0;
  let asked = null;
  const address = (more = {}) => {
    const told = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    for (const [name, value] of Object.entries(more)) told.set(name, value);
    return `${form.getAttribute("action")}?${told}`;
  };
  const find = async (typing) => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    results.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(address({ part: "results", ...(typing ? { typing: "1" } : {}) }), { signal });
      const told = await reply.text();
      if (!reply.ok || signal.aborted) return;
      // The part is the server's own, in which every text is escaped; scripts in it would not run, by the page's policy.
      results.replaceChildren(...new DOMParser().parseFromString(told, "text/html").body.childNodes);
      history.replaceState(null, "", address());
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address());
    } finally {
      if (!signal.aborted) results.removeAttribute("aria-busy");
    }
  };
  const soon = (typing, wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => find(typing), wait);
  };
  form.addEventListener("input", (event) => soon(event.target.name === "q" && !event.target.value.endsWith(" "), PAUSE));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(false, 0);
  });
};
