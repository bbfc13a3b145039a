const all = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6, [role=heading]')].filter(visible);
const level = (element) => Number(element.ariaLevel ?? element.localName.slice(1));
const found = [];
const first = all.filter((element) => level(element) === 1).length;
if (first !== 1) found.push(`has ${first} headings of the first level, and one is right`);
let before = 0;
for (const element of all) {
  if (level(element) > before + 1) found.push(`${called(element)} comes after a heading of level ${before}`);
  before = level(element);
}
return found;
