"use strict";
(() => {
  const tip = document.getElementById("tip");
  const tips = new Map();
  let here = null;

  const show = (mark, x, y) => {
    if (here !== mark) {
      hide();
      here = mark;
      mark.classList.add("here");
      tip.textContent = tips.get(mark);
      tip.hidden = false;
    }
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, x + 14), innerWidth - box.width - 8);
    const above = y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, above)}px`;
  };
  const hide = () => {
    if (here) here.classList.remove("here");
    here = null;
    tip.hidden = true;
  };
  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const visible = (marks) => marks.filter((mark) => mark.getClientRects().length);

  // The nearest mark from (x, y) in a direction; across counts more than along.
  const towards = (marks, [x, y], [right, down]) => {
    let best = null;
    let least = Infinity;
    for (const mark of marks) {
      const [mx, my] = middle(mark);
      const along = (mx - x) * right + (my - y) * down;
      const across = Math.abs((mx - x) * down) + Math.abs((my - y) * right);
      if (along > 0.5 && along + 2.5 * across < least) [best, least] = [mark, along + 2.5 * across];
    }
    return best;
  };
  const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  for (const chart of document.querySelectorAll(".chart")) {
    const drawing = chart.querySelector("svg");
    const isMap = drawing.classList.contains("map");
    const heading = drawing.querySelector(":scope > title");
    // As an attribute the name is still read out, but no longer pops up over every mark.
    drawing.setAttribute("aria-label", heading.textContent);
    const marks = [...drawing.querySelectorAll("title")].filter((title) => title !== heading).map((title) => {
      const mark = title.parentNode;
      tips.set(mark, title.textContent);
      mark.classList.add("mark");
      title.remove();
      return mark;
    });
    heading.remove();
    chart.tabIndex = 0;
    chart.setAttribute("role", "group");
    chart.setAttribute("aria-label", `${drawing.getAttribute("aria-label")}: arrow keys go from mark to mark`);

    const under = (event) => {
      const mark = event.target.closest(".mark");
      if (mark || !isMap) return mark;
      // A point is small for a finger: look around, too.
      for (const [dx, dy] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) {
        const found = document.elementFromPoint(event.clientX + dx, event.clientY + dy)?.closest(".mark");
        if (found) return found;
      }
      return null;
    };
    const point = (event) => {
      const mark = under(event);
      if (mark && tips.has(mark)) show(mark, event.clientX, event.clientY);
      else hide();
    };
    chart.addEventListener("pointermove", point);
    chart.addEventListener("pointerdown", point);
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("focus", () => {
      if (chart.matches(":focus-visible") && marks.length) show(marks[0], ...middle(marks[0]));
    });
    chart.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      const seen = visible(marks);
      const now = seen.indexOf(here);
      let next = null;
      if (event.key === "Home") next = seen[0];
      else if (event.key === "End") next = seen.at(-1);
      else if (!(event.key in arrows)) return;
      else if (now < 0) next = seen[0];
      else if (isMap) next = towards(seen, middle(here), arrows[event.key]);
      else next = seen[now + (event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      if (next) show(next, ...middle(next));
    });
  }

  for (const label of document.querySelectorAll("label.find")) {
    label.hidden = false;
    const marks = [...label.parentNode.querySelectorAll(".mark")];
    label.querySelector("input").addEventListener("input", (event) => {
      hide();
      const wanted = event.target.value.trim().toLowerCase();
      for (const mark of marks) mark.classList.toggle("off", !tips.get(mark).toLowerCase().includes(wanted));
    });
  }

  // What is folded away is printed, too.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const folded of opened) folded.open = true;
  });
  addEventListener("afterprint", () => {
    for (const folded of opened) folded.open = false;
  });
})();
