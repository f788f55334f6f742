"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    const search = document.querySelector("input[type=search]");
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
  });

  const part = document.querySelector("[data-live]");
  if (!part) return;
  const remembered = "local-org-live";
  const line = document.createElement("label");
  line.className = "line live";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = sessionStorage.getItem(remembered) === "1";
  line.append(box, " Refresh every two seconds");
  part.before(line);

  const refresh = async () => {
    // Nothing is taken away from under a reader's keyboard.
    if (!box.checked || document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = fresh.getElementById(part.id);
      if (found && found.innerHTML !== part.innerHTML) part.replaceChildren(...found.childNodes);
    } catch {
      box.checked = false; // the org has stopped
    }
  };
  box.addEventListener("change", () => {
    sessionStorage.setItem(remembered, box.checked ? "1" : "0");
    refresh();
  });
  setInterval(refresh, 2000);
})();
