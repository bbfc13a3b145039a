// An element in a few words: `a.chip "Today"`.
const called = (element) => {
  const own = element.localName + (element.id && `#${element.id}`) + [...element.classList].map((name) => `.${name}`).join('');
  const text = (element.ariaLabel ?? element.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 40);
  return `${own} "${text}"`;
};
const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
const usable = () => [...document.querySelectorAll(
  'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable=true]',
)].filter((element) => visible(element) && !element.matches(':disabled') && element.tabIndex >= 0);
