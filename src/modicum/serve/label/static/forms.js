// What differs between rows of one label and rows of several: how they are chosen, and what is said of them.

import { Chooser } from "./chooser.js";
import { percent } from "./dom.js";
import { Marker } from "./marker.js";
import { named, nameOf } from "./store.js";

const alpha = (status) => (status.alpha === null ? "" : ` (Krippendorff's alpha ${status.alpha.toFixed(2)})`);

const one = {
  Chooser,
  keys: { choose: "1–9 choose", all: "1–9 label all ticked", map: "1–9 label", review: "1–9 relabel", settle: "1–9 settle" },
  batch: "a class labels",
  unit: ["label", "labels"],
  needed: "It needs ten labels, and a second one of most classes.",
  least: "there must be two classes, and a label or a telling name",
  counted: "",
  trusted: (share) => `right in about ${percent(share)}`,
  agreed: (status) => `they agree in ${percent(status.agreement)}${alpha(status)}.`,
  doubt: (row) => ["; a model that has not seen it expects ", named(row.better), ` and gives the label ${percent(row.score)}.`],
};

const several = {
  Chooser: Marker,
  keys: {
    choose: "1–9 mark · Enter saves", all: "1–9 mark · Enter labels all ticked", map: "1–9 add or remove", review: "1–9 change · Enter saves",
    settle: "1–9 change · Enter settles",
  },
  batch: "Enter labels",
  unit: ["row", "rows"],
  needed: "It needs ten labelled rows, and a second one of most labels.",
  least: "there must be a labelled row or a telling name",
  counted: " False and missed labels both count.",
  trusted: (share) => `agrees with the probable labels to ${percent(share)}`,
  agreed: (status) => {
    if (status.agreement === null) return "nobody gave a label.";
    const [label, share] = Object.entries(status.by_label).sort((a, b) => a[1] - b[1])[0];
    const least = share < 1 ? ` Least agreed on: ${nameOf(Number(label))}, ${percent(share)}.` : "";
    return `a label that one gave the other gave, too, in ${percent(status.agreement)}${alpha(status)}.${least}`;
  },
  doubt: (row) => {
    const [more, less] = [row.better.filter((label) => !row.labels.includes(label)), row.labels.filter((label) => !row.better.includes(label))];
    const wish = [more.length ? `add ${named(more)}` : "", less.length ? `take away ${named(less)}` : ""].filter(Boolean).join(" and ");
    return ["; a model that has not seen it would ", wish, ` and gives the most doubtful of these labels ${percent(row.score)}.`];
  },
};

export const form = { ...one };

export const take = (isSeveral) => Object.assign(form, isSeveral ? several : one);
