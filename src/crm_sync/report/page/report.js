"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  const foldable = [...document.querySelectorAll(".row, .takes")];
  const rows = [...document.querySelectorAll(".row")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const parts = [...document.querySelectorAll("[data-part]")];
  const found = form.querySelector(".found");
  const empty = document.querySelector(".empty");
  const choice = (name) => (form.elements[name] ? form.elements[name].value : "");
  const words = (text) => text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let texts = null; // read once, at the first search: a large page would pay for it at every key

  const hasWord = (list, word) => list.split(" ").includes(word);
  const fits = (row, index, wanted) => {
    const { object, action, reasons, fields } = row.dataset;
    if (wanted.object && object !== wanted.object) return false;
    if (wanted.action && action !== wanted.action) return false;
    if (wanted.reason === "*" && !reasons) return false;
    if (wanted.reason && wanted.reason !== "*" && !hasWord(reasons, wanted.reason)) return false;
    if (wanted.field && !hasWord(fields, wanted.field)) return false;
    return wanted.words.every((word) => texts[index].includes(word));
  };

  const filter = () => {
    const wanted = {
      object: choice("object"), action: choice("action"), reason: choice("reason"),
      field: choice("field"), words: words(choice("search")),
    };
    if (wanted.words.length && !texts) texts = rows.map((row) => row.textContent.toLocaleLowerCase());
    let count = 0;
    rows.forEach((row, index) => {
      const isShown = fits(row, index, wanted);
      if (row.hidden === isShown) row.hidden = !isShown;
      if (isShown) count += 1;
    });
    for (const group of groups) group.hidden = !group.querySelector(".row:not([hidden])");
    for (const part of parts) part.hidden = !part.querySelector("[data-group]:not([hidden])");
    const number = (n) => n.toLocaleString("en");
    found.textContent = count === rows.length
      ? `${number(count)} ${count === 1 ? "row" : "rows"}`
      : `${number(count)} of ${number(rows.length)} rows`;
    empty.hidden = count > 0;
  };

  let waiting = 0;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  const filterSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, rows.length > 500 ? 150 : 0);
  };
  const filterNow = () => {
    clearTimeout(waiting);
    filter();
  };
  form.addEventListener("input", filterSoon);
  form.addEventListener("change", filterSoon); // not every browser says input of a list
  form.addEventListener("reset", () => setTimeout(filter, 0));
  form.addEventListener("click", (event) => {
    const what = event.target.dataset.do;
    if (!what) return;
    for (const row of rows) if (!row.hidden) row.open = what === "open";
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-pick-object]");
    if (!link) return;
    form.reset();
    form.elements.object.value = link.dataset.pickObject;
    form.elements.action.value = link.dataset.pickAction;
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.search.focus();
    } else if (event.key === "Escape" && document.activeElement === form.elements.search) {
      form.elements.search.value = "";
      filter();
    }
  });

  // Arrows move between rows, so that a reader without a mouse need not pass every link on the way.
  // From the search, the first one found; from the page itself, the first one that is in sight.
  const shownRows = () => rows.filter((row) => !row.hidden);
  const step = (row, forward) => {
    const shown = shownRows();
    return shown[shown.indexOf(row) + (forward ? 1 : -1)];
  };
  const entry = (element) => {
    if (element === form.elements.search) {
      filterNow();
      return shownRows()[0];
    }
    const shown = shownRows();
    const under = Math.max(0, form.getBoundingClientRect().bottom); // the filters stay in sight
    return shown.find((row) => row.getBoundingClientRect().top >= under) || shown.at(-1);
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const forward = event.key === "ArrowDown";
    const summary = event.target.closest(".row > summary");
    const enters = event.target === document.body || event.target === form.elements.search;
    if (!summary && !(enters && forward)) return;
    const next = summary ? step(summary.parentElement, forward) : entry(event.target);
    if (!summary && !next) return;
    event.preventDefault();
    if (next) next.querySelector("summary").focus();
  });

  let closed = []; // what was closed before printing, and is closed again after it
  window.addEventListener("beforeprint", () => {
    closed = foldable.filter((part) => !part.open && !part.hidden);
    for (const part of closed) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
  });
})();
