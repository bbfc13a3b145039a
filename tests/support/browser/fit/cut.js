// Paper does not scroll: what is wider than what holds it is lost.
const held = [...document.body.querySelectorAll('*')].filter(
  (element) => visible(element) && getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1,
);
// A field is printed with what it shows.
return held.filter((element) => !element.matches('input, select, textarea')).map(
  (element) => `${called(element)} is cut off: ${element.scrollWidth} px where ${element.clientWidth} fit`,
);
