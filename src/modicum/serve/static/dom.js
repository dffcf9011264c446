// Elements by function. Whatever comes from the table goes through textContent, so that no text is ever markup.

export const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
};

export const byId = (id) => document.getElementById(id);

export const number = (value) => Number(value).toLocaleString("en");
export const percent = (value) => (value > 0 && value < 0.005 ? "<1 %" : `${Math.round(100 * value)} %`);
export const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)}`;
export const some = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

// A name that may be broken after its underscores.
export const broken = (name) => name.split(/(?<=[_/-])/).flatMap((part, place) => (place ? [el("wbr"), part] : [part]));

let timer = 0;
export const say = (text, kind = "") => {
  const toast = byId("toast");
  toast.textContent = text;
  toast.className = kind;
  toast.hidden = !text;
  clearTimeout(timer);
  if (text && kind !== "lasting") timer = setTimeout(() => say(""), kind === "error" ? 8000 : 3500);
};

// A dialog with a form; resolves to its values, or to null when it was left.
export const ask = (title, fields, action, hint = "") => new Promise((resolve) => {
  const dialog = byId("dialog");
  const back = document.activeElement;
  const form = el("form", { method: "dialog" },
    el("h2", { id: "dialog-title" }, title),
    hint ? el("p", { class: "soft" }, hint) : null,
    fields.map((field) => el("p", { class: "field" },
      el("label", { for: `field-${field.name}` }, field.label),
      field.options
        ? el("select", { id: `field-${field.name}`, name: field.name },
          field.options.map(([value, text]) => el("option", { value, selected: String(value) === String(field.value) }, text)))
        : el(field.long ? "textarea" : "input",
          { id: `field-${field.name}`, name: field.name, autocomplete: "off", maxlength: field.most || 200, rows: field.long ? 4 : null }))),
    el("p", { class: "actions" },
      el("button", { type: "submit", class: "main" }, action),
      el("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  for (const field of fields) if (!field.options) form.elements[field.name].value = field.value || "";
  let values = null;
  form.addEventListener("submit", () => { values = Object.fromEntries(new FormData(form)); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  dialog.replaceChildren(form);
  dialog.addEventListener("close", () => { back?.focus?.(); resolve(values); }, { once: true });
  dialog.showModal();
  form.querySelector("input, textarea, select")?.focus();
});

export const confirmed = async (title, hint, action) => (await ask(title, [], action, hint)) !== null;
