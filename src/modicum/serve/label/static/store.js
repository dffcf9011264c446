// What all views share: the classes there are, and the latest status.

import { get, me, tab } from "./api.js";

export const store = { classes: [], byNumber: new Map(), status: null, figure: "", listeners: new Set() };

export const setClasses = (classes) => {
  store.classes = classes;
  store.byNumber = new Map(classes.map((each) => [each.number, each]));
};

export const nameOf = (number) => store.byNumber.get(number)?.name ?? "(no class)";

// The labels of a row in words; null where it has not been labelled.
export const named = (labels) => (labels === null ? "no label" : labels.length ? labels.map(nameOf).join(", ") : "none of these");

// Rows of a class at the moment.
export const rowsOf = (number) => store.status?.balance[number] ?? store.byNumber.get(number)?.rows ?? 0;

let known = -1;
export const refresh = async () => {
  const status = await get("status", { who: me.who, tab });
  if (status.classes !== known) {
    setClasses(await get("classes"));
    known = status.classes;
  }
  store.status = status;
  for (const listener of store.listeners) listener(status);
  return status;
};

// Classes by how well a name begins with, holds, or spells out what was typed.
export const find = (typed, classes = store.classes) => {
  const words = typed.toLowerCase().trim().split(/[\s_-]+/).filter(Boolean);
  if (!words.length) return classes;
  const rank = (each) => {
    const name = each.name.toLowerCase().replaceAll("_", " ");
    if (name.startsWith(words.join(" "))) return 0;
    const starts = name.split(/[\s-]+/);
    if (words.every((word) => starts.some((start) => start.startsWith(word)))) return 1;
    if (words.every((word) => name.includes(word))) return 2;
    return words.every((word) => `${name} ${each.description.toLowerCase()}`.includes(word)) ? 3 : 9;
  };
  return classes.map((each) => [rank(each), each]).filter(([at]) => at < 9).sort((a, b) => a[0] - b[0]).map(([, each]) => each);
};

// The hue of a class, evenly spread in the order of the classes; neighbours in the list lie far apart.
export const hue = (number) => Math.round((number * 137.508) % 360);
