// One walk: what has a ring when it has the focus and another look when it has not, and what was reached.
const ring = (element) => {
  element.getAnimations().forEach((animation) => animation.finish());
  const style = getComputedStyle(element);
  const clear = (colour) => /, 0\)$|^transparent$/.test(colour) || colour === getComputedStyle(document.body).backgroundColor;
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && !clear(style.outlineColor);
  return { outline: outlined ? `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}` : 'none', shadow: style.boxShadow };
};
const leave = (walk) => {
  const { last, focused } = walk;
  if (!last || last === document.activeElement) return;
  const without = ring(last);
  const seen = (focused.outline !== 'none' && focused.outline !== without.outline)
    || (focused.shadow !== 'none' && focused.shadow !== without.shadow);
  if (!seen) walk.found.push(`${called(last)} does not show that it has the focus (outline ${focused.outline})`);
};
const [part] = arguments;
if (part === 'begin') {
  // Where Tab begins is not only where the focus is: an address with a `#` moves it too.
  document.body.tabIndex = -1;
  document.body.focus({ preventScroll: true });
  document.body.removeAttribute('tabindex');
  scrollTo(0, 0);
  window.fluxorWalk = { reached: new Set(), found: [], last: null, focused: null };
  return usable().length;
}
const walk = window.fluxorWalk;
if (part === 'step') {
  const now = document.activeElement;
  // A date has several places for Tab to stop at.
  if (now === walk.last && ['date', 'time', 'datetime-local'].includes(now.type)) return true;
  leave(walk);
  if (now === document.body || walk.reached.has(now)) return false;
  walk.reached.add(now);
  walk.last = now;
  walk.focused = ring(now);
  return true;
}
const grouped = (element) => element.type === 'radio'
  && [...walk.reached].some((other) => other.type === 'radio' && other.name === element.name && other.form === element.form);
const missed = usable().filter((element) => !walk.reached.has(element) && !grouped(element));
return [...walk.found, ...missed.map((element) => `${called(element)} is not reached with Tab`)];
