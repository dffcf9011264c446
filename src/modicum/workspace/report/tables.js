"use strict";
(() => {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const missing = "–";
  const isText = (cell) => cell.tagName === "TH" || cell.classList.contains("text");
  // A text that is cut on the page stands whole in its title.
  const words = (cell) => {
    const told = cell.querySelector("bdi");
    if (told) return told.title || told.textContent;
    return cell.textContent === missing ? "" : cell.textContent;
  };
  const value = (cell) => parseFloat(cell.dataset.v ?? cell.textContent.replaceAll("−", "-").replace(/\s/g, ""));

  const sorted = (rows, column, down) => {
    const text = isText(rows[0].cells[column]);
    const found = rows.map((row) => [text ? words(row.cells[column]) : value(row.cells[column]), row]);
    const absent = text ? ([key]) => key === "" : ([key]) => Number.isNaN(key);
    const order = text ? ([a], [b]) => collator.compare(a, b) : ([a], [b]) => a - b;
    found.sort((a, b) => absent(a) - absent(b) || (absent(a) ? 0 : (down ? -1 : 1) * order(a, b)));
    return found.map(([, row]) => row);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells].filter((head) => !head.classList.contains("drawn"));
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        // Numbers begin with the largest, words with the first of the alphabet.
        const down = before === "none" ? !isText(body.rows[0].cells[head.cellIndex]) : before === "ascending";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...sorted([...body.rows], head.cellIndex, down));
      });
    }
  }

  // Rows of one group are shown or hidden together.
  const filter = (body, wanted) => {
    const rows = [...body.rows];
    const holds = (row) => [...row.cells].some((cell) => isText(cell) && words(cell).toLowerCase().includes(wanted));
    const groups = new Set(rows.filter((row) => row.dataset.g && holds(row)).map((row) => row.dataset.g));
    for (const row of rows) row.hidden = row.dataset.g ? !groups.has(row.dataset.g) : !holds(row);
    return `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };

  // Spreadsheets take a cell that begins so for a formula; an apostrophe makes it a text.
  const formula = /^[\t\r]|^\s*[=+\-@＝＋－＠]/;
  const quoted = (text) => `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const field = (cell) => {
    if (isText(cell)) return quoted(words(cell));
    return Number.isNaN(value(cell)) ? "" : String(value(cell));
  };
  const csv = (table) => {
    const heads = [...table.tHead.rows[0].cells].filter((head) => !head.classList.contains("drawn"));
    const lines = [heads.map((head) => quoted(head.dataset.name ?? head.textContent.trim()))];
    for (const row of table.tBodies[0].rows) {
      if (!row.hidden) lines.push(heads.map((head) => field(row.cells[head.cellIndex])));
    }
    return lines.map((line) => `${line.join(",")}\r\n`).join("");
  };
  const save = (name, text) => {
    const link = document.createElement("a");
    // The mark at the start tells spreadsheets that this is UTF-8.
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  for (const tools of document.querySelectorAll(".tools")) {
    tools.hidden = false;
    const table = tools.nextElementSibling.querySelector("table");
    const button = tools.querySelector("button");
    button.addEventListener("click", () => save(button.dataset.file, csv(table)));
    tools.querySelector("input")?.addEventListener("input", (event) => {
      tools.querySelector("output").textContent = filter(table.tBodies[0], event.target.value.trim().toLowerCase());
    });
  }
})();
