// Brings the page up to date without a flicker: what the server says anew replaces what differs, and only that. Places,
// open parts and the focus stay.
"use strict";
(() => {
  const SHORTEST_S = 5;
  const button = document.getElementById("pause");
  const updated = document.getElementById("updated");
  const told = new Map();
  let tag = null;
  let timer = 0;
  let asking = false;
  let paused = sessionStorage.getItem("paused") === "yes";

  const living = (root) => [...root.querySelectorAll("[data-live][id]")];
  document.documentElement.classList.add("scripted");
  living(document).forEach((part) => told.set(part.id, part.outerHTML));

  const renewed = (mine, theirs) => {
    const open = [...mine.querySelectorAll("details[id][open]")].map((part) => part.id);
    const scrolled = [...mine.querySelectorAll(".scroll")].map((part) => [part.scrollLeft, part.scrollTop]);
    const focused = mine.contains(document.activeElement) ? place(mine, document.activeElement) : null;
    mine.replaceChildren(...theirs.cloneNode(true).childNodes);
    mine.hidden = theirs.hidden;
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    mine.querySelectorAll(".scroll").forEach((part, at) => scrolled[at] && part.scrollTo(...scrolled[at]));
    if (focused) found(mine, focused)?.focus({ preventScroll: true });
  };
  const focusable = (root) => [...root.querySelectorAll("a, button, summary, [tabindex]")];
  const place = (root, one) => ({ href: one.getAttribute("href"), at: focusable(root).indexOf(one) });
  const found = (root, { href, at }) =>
    (href && focusable(root).find((one) => one.getAttribute("href") === href)) || focusable(root)[at];

  const take = (page) => {
    document.title = page.title;
    for (const theirs of living(page)) {
      const mine = document.getElementById(theirs.id);
      if (!mine) return location.reload();
      const now = theirs.outerHTML;
      if (told.get(theirs.id) !== now && !selecting(mine)) {
        told.set(theirs.id, now);
        renewed(mine, theirs);
      }
    }
    document.dispatchEvent(new Event("renewed"));
  };
  // Who is marking a text to copy it does not want it to be replaced.
  const selecting = (part) => {
    const marked = getSelection();
    return marked && !marked.isCollapsed && part.contains(marked.anchorNode);
  };

  const say = (text, late) => {
    updated.textContent = text;
    updated.classList.toggle("late", Boolean(late));
  };
  const clock = () => new Date().toLocaleTimeString([], { hour12: false });

  const ask = async () => {
    if (asking) return;
    asking = true;
    let wait = SHORTEST_S;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      wait = Math.max(wait, Number(answer.headers.get("X-Fresh-Seconds")) || 0);
      if (answer.status === 200 || (answer.ok && answer.status !== 304)) {
        tag = answer.headers.get("ETag");
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      if (answer.ok || answer.status === 304) say(`Updated ${clock()}`);
      else say(`Not up to date: the server says ${answer.status}`, true);
    } catch {
      say("Not up to date: the server does not answer", true);
    }
    asking = false;
    clearTimeout(timer);
    timer = setTimeout(go, wait * 1000);
  };

  const go = () => {
    clearTimeout(timer);
    if (!paused && !document.hidden) ask();
  };
  const show = () => {
    button.textContent = paused ? "Paused" : "Pause";
    button.setAttribute("aria-pressed", String(paused));
    if (paused) say("");
  };
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("paused", paused ? "yes" : "no");
    show();
    go();
  });
  document.addEventListener("visibilitychange", go);
  show();
  if (!paused) say(`Updated ${clock()}`);
  timer = setTimeout(go, SHORTEST_S * 1000);
})();
