// The calls of the page. An answer is sent again, under the same mark, until the server has said that it is on disk.

import { say } from "./dom.js";
import "./token.js";

export const mark = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

// A tab keeps its name over a reload, and a copied tab gets its own.
const named = sessionStorage.getItem("tab");
const copied = named && performance.getEntriesByType("navigation")[0]?.type === "navigate";
export const tab = named && !copied ? named : mark();
sessionStorage.setItem("tab", tab);

export const me = { who: "" };

const headers = () => {
  const token = sessionStorage.getItem("token");
  return { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
};

export class Refused extends Error {}

const call = async (path, options = {}) => {
  const reply = await fetch(path, { ...options, headers: headers(), cache: "no-store" });
  const body = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refused(body.error || `the server refused (${reply.status})`);
  return body;
};

export const get = (path, query = {}) => call(`/api/${path}?${new URLSearchParams(query)}`);

export const post = (path, body) => call(`/api/${path}`, { method: "POST", body: JSON.stringify({ who: me.who, tab, ...body }) });

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Until it is on disk: the server may be gone for a while and come back.
export const surely = async (path, body) => {
  const told = { ...body, request: mark() };
  for (let pause = 250; ; pause = Math.min(2 * pause, 4000)) {
    try {
      const reply = await post(path, told);
      if (pause > 250) say("The server is back; your answer is saved.");
      return reply;
    } catch (error) {
      if (error instanceof Refused) throw error;
      say("No connection to modicum label. Your last answer is not saved yet; it is sent again until it is.", "lasting");
      await wait(pause);
    }
  }
};

export const leave = (name) => fetch("/api/leave", {
  method: "POST", headers: headers(), keepalive: true, body: JSON.stringify({ who: me.who || "-", tab: name }),
}).catch(() => null);

export const download = async (format) => {
  const reply = await fetch(`/api/export?format=${format}`, { headers: headers() });
  if (!reply.ok) throw new Refused((await reply.json()).error);
  return reply.blob();
};
