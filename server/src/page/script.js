// Comfort for pages that work without it: forms and links within the program are fetched and swapped in, keys move and decide,
// what waits is looked for while a page is open. Nothing is decided here.
(() => {
  "use strict";
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => [...where.querySelectorAll(what)];
  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const place = () => location.pathname + location.search;
  let here = place();

  function knob(text, kind, does) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `plain small ${kind}`;
    button.textContent = text;
    button.addEventListener("click", does);
    return button;
  }
  // The line has two parts, and neither takes the other's place: what comes of an act, and news of the page.
  function tell(part, text, label, does) {
    const line = $("#said"), old = $(`.${part}`, line), bar = $("#bulk.afloat:not(.idle)");
    if (old) old.remove();
    if (!text) return;
    const said = document.createElement("p");
    said.className = part;
    said.textContent = text;
    if (typeof does === "string") {
      const way = document.createElement("a");
      Object.assign(way, { textContent: label, href: does, target: "_blank", rel: "noopener" });
      said.append(" ", way);
    } else if (label) said.append(" ", knob(label, "", does));
    const shut = knob("", "shut", () => {
      const inside = said.contains(document.activeElement);
      tell(part, "");
      if (inside) $("main").focus({ preventScroll: true });
    });
    shut.setAttribute("aria-label", "Close");
    // Whoever writes goes on writing.
    shut.addEventListener("mousedown", (event) => event.preventDefault());
    said.append(" ", shut);
    // At the lower edge, above the bar for several.
    line.style.setProperty("--above", `${bar ? Math.max(0, innerHeight - bar.getBoundingClientRect().top) : 0}px`);
    line.append(said);
    // It comes over what stands there: a finger that was on its way means that.
    setTimeout(() => { for (const way of $$("a, button", said)) way.classList.add("ready"); }, 500);
  }
  // What Ctrl+Enter sends is what this part names, as long as it names it.
  let named = null;
  function said(text, label, does) {
    named = null;
    tell("act", text, label, does);
  }

  function name(button, at, text) {
    said(`${text}: ${button.textContent.trim()}.`);
    at.focus();
    named = { button, at };
  }
  // Whoever goes elsewhere means something else. What begins with a finger is one when it has become a click: until then nothing
  // is another under it.
  let pressed = false;
  const elsewhere = (event) => { if (named && event.target !== named.at) said(""); };
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const kind of ["keydown", "pointercancel"]) document.addEventListener(kind, () => { pressed = false; }, true);
  document.addEventListener("focusin", (event) => { if (!pressed) elsewhere(event); });
  document.addEventListener("click", (event) => { pressed = false; elsewhere(event); }, true);
  // Where fingers press there need be no keys.
  const again = () => matchMedia("(pointer: coarse)").matches ? "press this once more" : "press Ctrl+Enter";

  // ---- pages ----

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const swap = (page, what) => { const now = $(what), next = $(what, page); if (now && next) now.replaceWith(document.adoptNode(next)); };

  // A page is swapped in: the heading takes the focus, as after a navigation.
  function show(html, address, push) {
    const page = parse(html);
    if (!$("main", page)) { location.assign(address); return; }
    document.title = page.title;
    swap(page, "header");
    swap(page, "main");
    tell("news", "");
    if (push) history.pushState({}, "", address);
    here = place();
    ready();
    const first = $("main [data-focus]") || $("main [role=alert]") || $("h1");
    if (first) { first.setAttribute("tabindex", "-1"); first.focus({ preventScroll: true }); }
    window.scrollTo(0, 0);
    if (first && first.matches("[role=alert]")) first.scrollIntoView({ block: "nearest" });
    listen();
  }

  async function load(address, options = {}, push = true) {
    const waits = setTimeout(() => said("Working…"), 150);
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, ...options });
      const html = await answer.text();
      said("");
      if (answer.status === 401 && options.method && !/^\/(sign|go)\b/.test(new URL(address, location.href).pathname)) {
        said("You are signed out, so nothing was sent. What you typed is still here: sign in, then press again.", "Sign in", "/sign-in");
        return;
      }
      if (!(answer.headers.get("content-type") || "").startsWith("text/html")) { location.assign(answer.url); return; }
      show(html, answer.url, push);
      // What was typed stands there still, and was not sent.
      if (options.method && !answer.ok) $("main").dataset.refused = "";
    } catch {
      said("The server cannot be reached. Nothing was lost: try again.");
    } finally { clearTimeout(waits); }
  }

  // What was typed is not lost without a word.
  const changed = (field) => /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  const dirty = () => $$("main textarea, main input:not([type=hidden]):not([type=search])").some((field) => !field.closest("[data-row]") && changed(field));
  const go = (address) => { if (!dirty() || confirm("What you typed here was not sent. Leave it?")) load(address); };

  const lacks = (form) => form && form.dataset.selects && ![...form.elements].some((field) => field.name === form.dataset.selects && field.checked);

  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.method === "dialog" || event.defaultPrevented) return;
    event.preventDefault();
    if (lacks(form)) {
      said("Select first: with the boxes, or with the key x on a row.");
      return;
    }
    const needs = button && button.dataset.needs && form.elements[button.dataset.needs];
    if (needs && !needs.value.trim()) {
      needs.setAttribute("aria-invalid", "true");
      name(button, needs, `Write the reason first, then ${again()}`);
      return;
    }
    if (form.method === "post" && Date.now() - brought < 1000) {
      said("This page was brought up to date this moment: look at it once more, then press again.");
      return;
    }
    const fields = new URLSearchParams(new FormData(form, button));
    const address = (button && button.getAttribute("formaction")) || form.getAttribute("action") || location.href;
    if (form.method === "get") { load(`${new URL(address, location.href).pathname}?${fields}`); return; }
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    load(address, { method: "POST", body: fields }).finally(() => delete form.dataset.busy);
  });

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) { navigator.clipboard.writeText(copy.dataset.copy).then(() => said("Copied."), () => said(copy.dataset.copy)); return; }
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const to = new URL(link.href, location.href);
    const own = to.origin === location.origin && !to.hash && !link.target && !link.hasAttribute("download") && !/^\/(problems|assets|v1|openapi)/.test(to.pathname);
    if (own) { event.preventDefault(); go(link.href); }
  });
  // Another part of the same page is no other page.
  window.addEventListener("popstate", () => { if (place() !== here) load(location.href, {}, false); });
  window.addEventListener("beforeunload", (event) => { if (dirty()) event.preventDefault(); });

  // A choice that has a usual answer elsewhere gives it, unless that was changed by hand.
  let given = null;
  document.addEventListener("change", (event) => {
    const select = event.target;
    if (select.matches("[data-row] input")) count();
    const field = select.dataset && select.dataset.sets && document.getElementById(select.dataset.sets);
    if (!field || (changed(field) && field.value !== given)) return;
    given = select.selectedOptions[0].dataset.usual || "";
    field.value = given;
  });

  // The bar for several appears once something is selected.
  function count() {
    const bar = $("#bulk");
    if (!bar) return;
    const boxes = $$("[data-row] input:checked"), many = boxes.length, rules = new Set(boxes.map((box) => box.dataset.rule)).size;
    bar.classList.add("afloat");
    bar.classList.toggle("idle", !many);
    const sums = total(boxes.map((box) => box.dataset.amount));
    $("legend", bar).textContent = (many === 1 ? "Decide the one that is selected" : `Decide the ${many} that are selected`) + (sums && `: ${sums}`);
    $("#mixed").textContent = rules > 1 ? `These were asked for by ${rules} different rules. ` : "";
  }
  // Amounts such as "8,000.00 EUR", added by currency, exactly.
  function total(amounts) {
    const sums = new Map();
    for (const [number, currency] of amounts.map((amount) => amount.replaceAll(",", "").split(" "))) {
      if (!currency) continue;
      const digits = (number.split(".")[1] || "").length, sum = sums.get(currency) || { units: 0n, digits: 0 };
      sum.units += BigInt(number.replace(".", "")) * 10n ** BigInt(8 - digits);
      sum.digits = Math.max(sum.digits, digits);
      sums.set(currency, sum);
    }
    const said = ([currency, { units, digits }]) => {
      const text = String(units).padStart(9, "0"), rest = text.slice(-8).slice(0, digits);
      return `${BigInt(text.slice(0, -8)).toLocaleString("en")}${rest && `.${rest}`} ${currency}`;
    };
    return [...sums].map(said).join(", ");
  }

  // Lines are looked at without leaving the list.
  document.addEventListener("toggle", async (event) => {
    const at = event.target.open && $("[data-peek]", event.target);
    if (!at) return;
    const address = at.dataset.peek;
    at.removeAttribute("data-peek");
    try {
      const answer = await fetch(address);
      if (answer.ok) at.innerHTML = await answer.text();
    } catch { at.setAttribute("data-peek", address); }
  }, true);

  // ---- keys: shown by `?`, silent where somebody types ----

  const KEYS = [["j", "next row"], ["k", "row before"], ["Enter", "open the row"], ["x", "select the row"], ["a", "to the button that approves"],
    ["r", "to the reason, then to the button that rejects"], ["c", "the same, to request changes"], ["e", "pass it on"], ["/", "search"], ["g i", "to the inbox"],
    ["g r", "to my requests"], ["g n", "to a new request"], ["Ctrl+Enter", "do what the line at the lower edge names"], ["?", "these keys"]];
  let begun = "";
  // Whoever speaks to his browser, or touches keys unawares, does without keys of one letter: kept by the browser.
  const OFF = "fluxor-keys-off";
  function letters() { try { return !localStorage.getItem(OFF); } catch { return true; } }
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches("#letters")) return;
    try { if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1"); } catch { /* shown as it is */ }
    box.checked = box.defaultChecked = letters();
    said(box.checked ? "Keys of one letter are on in this browser." : "Keys of one letter are off in this browser.");
  });
  function stand(row) {
    $$("[data-row]").forEach((other) => other.removeAttribute("data-at"));
    row.setAttribute("data-at", "");
    $("[data-open]", row).focus();
  }
  function move(by) {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.hasAttribute("data-at"));
    stand(rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
  }
  function help() {
    let map = $("#keys");
    if (!map) {
      map = document.createElement("dialog");
      map.id = "keys";
      map.setAttribute("aria-labelledby", "keys-title");
      map.innerHTML = '<h2 id="keys-title">Keys</h2><dl class="facts"></dl><form method="dialog"><button>Close</button></form>';
      for (const [key, what] of KEYS) {
        const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
        kbd.textContent = key;
        dt.append(kbd);
        dd.textContent = what;
        $("dl", map).append(dt, dd);
      }
      document.body.append(map);
    }
    map.showModal();
  }
  // A key leads to a button and presses none: one letter decides nothing.
  function press(meant) {
    const form = meant.form, needs = meant.dataset.needs && form.elements[meant.dataset.needs];
    if (form && lacks(form)) {
      said("Select first: with the boxes, or with the key x on a row.");
      return;
    }
    if (needs && !needs.value.trim()) {
      name(meant, needs, "Write the reason, then press Ctrl+Enter");
      return;
    }
    if (meant.matches("input")) { meant.focus(); meant.select(); return; }
    if (form) { name(meant, meant, "Press Enter"); return; }
    meant.click();
    const first = meant.matches("summary") && $("select, input:not([type=hidden])", meant.parentElement);
    if (first) first.focus();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (!event.target.form) return;
      event.preventDefault();
      if (named && named.at === event.target) named.button.form.requestSubmit(named.button);
      else said("Nothing was sent: press the button that is meant.");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
    if (event.key === "Escape") { said(""); tell("news", ""); if (typing(event.target)) event.target.blur(); return; }
    if (typing(event.target) || !letters()) return;
    const key = begun + event.key;
    begun = "";
    if (key === "g") { begun = "g "; return; }
    const to = { "g i": "/inbox", "g r": "/requests", "g n": "/new" }[key];
    if (to) { event.preventDefault(); go(to); return; }
    if (key === "j" || key === "k") { event.preventDefault(); move(key === "j" ? 1 : -1); return; }
    if (key === "?") { event.preventDefault(); help(); return; }
    if (key === "x") { const box = $("[data-at] input[type=checkbox]"); if (box) box.click(); return; }
    const meant = $$("[data-key]").find((one) => one.dataset.key === key);
    if (!meant) return;
    event.preventDefault();
    press(meant);
  });

  // ---- one stream a page: something waits that did not, or the other way round ----

  let stream = null, later = null, brought = 0;
  function listen() {
    if (stream) stream.close();
    clearTimeout(later);
    stream = null;
    const dot = $("#live");
    if (!dot || !dot.dataset.from) return;
    const own = stream = new EventSource(dot.dataset.from);
    const live = (text) => { const now = $("#live"); if (now && stream === own) now.textContent = text; };
    own.onopen = () => live("● live");
    own.onerror = () => {
      live("○ reconnecting");
      // What was refused (too many pages, no session) is not asked again by itself.
      if (own.readyState === EventSource.CLOSED && stream === own) { live("○ not live"); later = setTimeout(listen, 20000); }
    };
    // What somebody is about to decide does not become another under his eyes: his form stays that of what he saw. Nor does what
    // was refused go, nor what was typed into it.
    own.addEventListener("changed", () => {
      if ($("main[data-refused]")) tell("news", "Something has changed here meanwhile. Pressing again shows what is new.");
      else if (named || dirty() || $("[data-decide], dialog[open]")) tell("news", `Something has changed here meanwhile.${dirty() ? " What you typed is kept." : ""}`, "Show what is new", refresh);
      else refresh();
    });
  }

  // The same page as it is now, with what became another; selected rows, where somebody stands and what he typed stay.
  async function refresh() {
    const at = place(), seen = $("[data-decide] [name=seq]"), to = new URL(at, location.href);
    if (seen) to.searchParams.set("since", seen.value);
    let page;
    try {
      const answer = await fetch(to, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      page = parse(await answer.text());
    } catch { return; }
    if (at !== place() || !$("main", page)) return;
    const typed = $$("main textarea[id], main input[id]:not([type=hidden])").filter(changed).map((field) => [field.id, field.value, field.checked]);
    const selected = $$("[data-row] input:checked").map((box) => box.value);
    const row = $("[data-at] [data-open]"), open = $$("main details[open] > summary").map((one) => one.textContent);
    const focused = document.activeElement, id = focused && focused.id, text = $("#live").textContent;
    swap(page, "main");
    for (const [id, value, checked] of typed) {
      const field = document.getElementById(id);
      if (field) { field.value = value; field.checked = checked; }
    }
    for (const box of $$("[data-row] input[type=checkbox]")) box.checked = selected.includes(box.value);
    for (const one of $$("main details > summary")) if (open.includes(one.textContent)) one.parentElement.open = true;
    ready();
    if ($("#live")) $("#live").textContent = text;
    const same = row && $$("[data-open]").find((link) => link.href === row.href);
    const field = id && document.getElementById(id);
    if (same) { same.closest("[data-row]").setAttribute("data-at", ""); if (focused === row) same.focus({ preventScroll: true }); }
    if (field) field.focus({ preventScroll: true });
    const news = $("main [data-focus]");
    if (seen && news) { news.focus({ preventScroll: true }); news.scrollIntoView({ block: "nearest" }); }
    brought = Date.now();
    tell("news", "This page was brought up to date.");
  }
  window.addEventListener("pagehide", () => { if (stream) stream.close(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) load(location.href, {}, false); });

  function ready() {
    $$("[data-copy]").forEach((button) => { button.hidden = false; });
    // A picture that is wider than its place begins where the document stands.
    const here = $$(".picture .now").pop(), box = here && here.closest(".picture");
    if (here) box.scrollLeft += here.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 3;
    const switched = $("#letters");
    if (switched) { switched.closest("section").hidden = false; switched.checked = switched.defaultChecked = letters(); }
    count();
  }
  ready();
  listen();
})();
