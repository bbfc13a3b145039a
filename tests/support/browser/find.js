// Visible elements of a kind whose name may be this one (the browser itself says whether it is), and how all of them seem to
// be called.
const [kind, wanted] = arguments;
const flat = (text) => (text ?? '').replace(/\s+/g, ' ').trim();
const by = (ids) => (ids ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent);
const names = (element) => [
  element.getAttribute('aria-label'),
  ...by(element.getAttribute('aria-labelledby')),
  ...[...(element.labels ?? [])].map((label) => label.textContent),
  /^(submit|button|reset)$/.test(element.type) ? element.value : '',
  element.textContent,
  ...[...element.querySelectorAll('[alt], [aria-label], title')].map((e) => e.alt ?? e.ariaLabel ?? e.textContent),
  element.title,
  element.placeholder,
].map(flat).filter((name) => name);
const all = [...document.querySelectorAll(kind)].filter((element) => element.checkVisibility({ visibilityProperty: true }));
const seemsToBe = (element) => names(element).some((name) => name.includes(flat(wanted)) || flat(wanted).includes(name));
return { found: all.filter(seemsToBe), there: [...new Set(all.map((element) => names(element)[0] ?? '(without a name)'))] };
