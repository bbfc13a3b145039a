const page = document.scrollingElement;
if (page.scrollWidth <= page.clientWidth) return [];
// What scrolls within itself is in order, whatever is in it.
const held = (element) => {
  for (let above = element.parentElement; above && above !== document.body; above = above.parentElement) {
    if (getComputedStyle(above).overflowX !== 'visible') return true;
  }
  return false;
};
const wide = [...document.body.querySelectorAll('*')].filter(
  (element) => visible(element) && element.getBoundingClientRect().right > page.clientWidth + 1 && !held(element),
);
const told = wide.slice(0, 5).map((element) => `${called(element)} ends at ${Math.round(element.getBoundingClientRect().right)}`);
return [`is ${page.scrollWidth} px wide where there are ${page.clientWidth}: ${told.join(', ')}`];
