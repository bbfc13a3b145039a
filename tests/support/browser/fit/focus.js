// One walk: what has a ring when it has the focus and another look when it has not, and what was reached.
const ring = (element) => {
  element.getAnimations().forEach((animation) => animation.finish());
  const style = getComputedStyle(element);
  const clear = (colour) => /, 0\)$|^transparent$/.test(colour) || colour === getComputedStyle(document.body).backgroundColor;
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && !clear(style.outlineColor);
  return { outline: outlined ? `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}` : 'none', shadow: style.boxShadow };
};
// Of a colour red, green, blue and how much it covers, each from 0 to 1.
const parts = (colour) => {
  const numbers = (colour.match(/-?[\d.]+(e-?\d+)?/g) ?? []).map(Number);
  const scale = colour.startsWith('color(') ? 1 : 255;
  return [...numbers.slice(0, 3).map((part) => part / scale), numbers[3] ?? (colour === 'transparent' ? 0 : 1)];
};
// What is seen behind an element, or as its own ground.
const ground = (element) => {
  let seen = [0, 0, 0];
  let left = 1;
  for (let at = element; at && left > 0; at = at.parentElement) {
    const [red, green, blue, covers] = parts(getComputedStyle(at).backgroundColor);
    [red, green, blue].forEach((part, i) => { seen[i] += part * covers * left; });
    left *= 1 - covers;
  }
  return seen.map((part) => part + left);
};
const light = (colour) => {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
};
// How far the ring stands out from what it lies on, without and within; nothing: there is no outline.
const standsOut = (element) => {
  const style = getComputedStyle(element);
  if (ring(element).outline === 'none') return null;
  const around = ground(element.parentElement ?? element);
  const within = parseFloat(style.outlineOffset) > 0 ? around : ground(element);
  const own = parts(style.outlineColor).slice(0, 3);
  return Math.min(contrast(own, around), contrast(own, within));
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
  const far = standsOut(now);
  if (far !== null && far < 3) walk.found.push(`${called(now)} has a ring with a contrast of ${far.toFixed(2)}, and 3 is the least`);
  return true;
}
const grouped = (element) => element.type === 'radio'
  && [...walk.reached].some((other) => other.type === 'radio' && other.name === element.name && other.form === element.form);
const missed = usable().filter((element) => !walk.reached.has(element) && !grouped(element));
return [...walk.found, ...missed.map((element) => `${called(element)} is not reached with Tab`)];
