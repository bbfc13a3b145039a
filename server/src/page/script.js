// Comfort for pages that work without it: forms and links within the program are fetched and swapped in, keys move and decide,
// what waits is looked for while a page is open. Nothing is decided here.
(() => {
  "use strict";
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => [...where.querySelectorAll(what)];
  const said = (text) => { const place = $("#said"); if (place) place.textContent = text; };
  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  // A page is swapped in: the heading takes the focus, as after a navigation.
  function show(html, address, push) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = $("main", page);
    if (!main) { location.assign(address); return; }
    document.title = page.title;
    $("header").replaceWith(document.adoptNode($("header", page)));
    $("main").replaceWith(document.adoptNode(main));
    if (push) history.pushState({}, "", address);
    ready();
    const first = $("[data-focus]") || $("[role=alert]", main) || $("h1");
    if (first) { first.setAttribute("tabindex", "-1"); first.focus(); }
    window.scrollTo(0, 0);
    listen();
  }

  async function load(address, options, push = true) {
    const waits = setTimeout(() => said("Working…"), 150);
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, ...options });
      const html = await answer.text();
      said("");
      if (!(answer.headers.get("content-type") || "").startsWith("text/html")) { location.assign(answer.url); return; }
      show(html, answer.url, push);
    } catch {
      said("The server cannot be reached. Nothing was lost: try again.");
    } finally { clearTimeout(waits); }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.method === "dialog" || event.defaultPrevented) return;
    const needs = button && button.dataset.needs && form.elements[button.dataset.needs];
    if (needs && !needs.value.trim()) {
      event.preventDefault();
      needs.setAttribute("aria-invalid", "true");
      needs.focus();
      said("Write the reason first.");
      return;
    }
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form, button));
    const address = (button && button.getAttribute("formaction")) || form.getAttribute("action") || location.href;
    if (form.method === "get") { load(`${new URL(address, location.href).pathname}?${fields}`, {}); return; }
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    load(address, { method: "POST", body: fields }).finally(() => delete form.dataset.busy);
  });

  // What was typed is not lost without a word.
  const dirty = () => $$("main textarea, main input:not([type=hidden]):not([type=search])").some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) { navigator.clipboard.writeText(copy.dataset.copy).then(() => said("Copied.")); return; }
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const to = new URL(link.href, location.href);
    const own = to.origin === location.origin && !to.hash && !link.target && !/^\/(problems|assets|v1|openapi)/.test(to.pathname);
    if (own) { event.preventDefault(); load(link.href, {}); }
  });
  window.addEventListener("popstate", () => load(location.href, {}, false));
  window.addEventListener("beforeunload", (event) => { if (dirty()) event.preventDefault(); });

  // Lines are looked at without leaving the list.
  document.addEventListener("toggle", async (event) => {
    const place = event.target.open && $("[data-peek]", event.target);
    if (!place) return;
    const address = place.dataset.peek;
    place.removeAttribute("data-peek");
    try {
      const answer = await fetch(address);
      if (answer.ok) place.innerHTML = await answer.text();
    } catch { place.setAttribute("data-peek", address); }
  }, true);

  // Keys: shown by `?`, silent where somebody types.
  const KEYS = [["j", "next row"], ["k", "row before"], ["Enter", "open the row"], ["x", "select the row"], ["a", "approve"],
    ["r", "reject, with a reason"], ["c", "request changes"], ["e", "pass it on"], ["/", "search"], ["g i", "to the inbox"],
    ["g r", "to my requests"], ["Ctrl+Enter", "send what is being written"], ["?", "these keys"]];
  let begun = "", pending = null;
  function move(by) {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.hasAttribute("data-at"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    rows.forEach((row) => row.removeAttribute("data-at"));
    next.setAttribute("data-at", "");
    $("[data-open]", next).focus();
  }
  function help() {
    let map = $("#keys");
    if (!map) {
      map = document.createElement("dialog");
      map.id = "keys";
      map.setAttribute("aria-labelledby", "keys-title");
      const title = document.createElement("h2");
      title.id = "keys-title";
      title.textContent = "Keys";
      const list = document.createElement("dl");
      list.className = "facts";
      for (const [key, what] of KEYS) {
        const dt = document.createElement("dt"), dd = document.createElement("dd"), code = document.createElement("code");
        code.textContent = key;
        dt.append(code);
        dd.textContent = what;
        list.append(dt, dd);
      }
      const form = document.createElement("form"), close = document.createElement("button");
      form.method = "dialog";
      close.textContent = "Close";
      form.append(close);
      map.append(title, list, form);
      document.body.append(map);
    }
    map.showModal();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form");
      if (form && pending && form.contains(pending)) { event.preventDefault(); form.requestSubmit(pending); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target)) return;
    const key = begun + event.key;
    begun = "";
    if (key === "g") { begun = "g "; return; }
    const go = { "g i": "/inbox", "g r": "/requests" }[key];
    if (go) { event.preventDefault(); load(go, {}); return; }
    if (key === "j" || key === "k") { event.preventDefault(); move(key === "j" ? 1 : -1); return; }
    if (key === "?") { event.preventDefault(); help(); return; }
    if (key === "x") { const box = $("[data-at] input[type=checkbox]"); if (box) box.click(); return; }
    const meant = $$("[data-key]").find((one) => one.dataset.key === key);
    if (!meant) return;
    event.preventDefault();
    if (meant.dataset.needs) {
      const field = meant.form.elements[meant.dataset.needs];
      pending = meant;
      if (!field.value.trim()) { field.focus(); said(`Write the reason, then press Ctrl+Enter: ${meant.textContent.trim()}.`); return; }
    }
    if (meant.matches("input")) meant.focus(); else meant.click();
  });

  // One stream a page: something waits that did not, or the other way round.
  let stream = null;
  function listen() {
    if (stream) { stream.close(); stream = null; }
    const dot = $("#live");
    if (!dot) return;
    stream = new EventSource(dot.dataset.from);
    stream.onopen = () => { dot.textContent = "● live"; };
    stream.onerror = () => { dot.textContent = "○ reconnecting"; };
    stream.addEventListener("changed", () => {
      if (dirty() || $("dialog[open]")) { said("Something has changed. It is shown when you load the page again."); return; }
      const at = $$("[data-row]").findIndex((row) => row.hasAttribute("data-at"));
      fetch(location.href, { headers: { Accept: "text/html" } }).then((answer) => answer.text()).then((html) => {
        if (dirty()) return;
        const page = new DOMParser().parseFromString(html, "text/html");
        const main = $("main", page);
        if (!main) return;
        const id = document.activeElement && document.activeElement.id;
        $("main").replaceWith(document.adoptNode(main));
        ready();
        if (id) { const field = document.getElementById(id); if (field) field.focus(); } else if (at >= 0) move(at + 1);
        said("The list was brought up to date.");
      }).catch(() => {});
    });
  }
  window.addEventListener("pagehide", () => { if (stream) stream.close(); });

  function ready() { $$("[data-copy]").forEach((button) => { button.hidden = false; }); }
  ready();
  listen();
})();
