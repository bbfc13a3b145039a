const [least] = arguments;
// A link in a sentence is as high as its line: text stands beside it in the same block.
const inText = (element) => {
  if (!element.matches('a') || getComputedStyle(element).display !== 'inline') return false;
  let block = element.parentElement;
  while (getComputedStyle(block).display === 'inline') block = block.parentElement;
  const own = [...block.querySelectorAll('a, button')].map((other) => other.textContent).join('');
  return block.textContent.replace(/\s/g, '').length > own.replace(/\s/g, '').length;
};
// A scrolling region takes the focus and is no target.
const target = (element) => element.matches('a, area, button, input, select, textarea, summary, [role]:not([role=region])');
const small = [];
for (const element of usable().filter((element) => target(element) && !inText(element))) {
  // What labels a field is hit for it.
  const boxes = [element, ...(element.labels ?? [])].map((part) => part.getBoundingClientRect());
  const enough = boxes.some((box) => box.width >= least - 0.01 && box.height >= least - 0.01);
  const size = (box) => `${Math.round(box.width * 10) / 10} x ${Math.round(box.height * 10) / 10} px`;
  if (!enough) small.push(`${called(element)} is ${size(boxes[0])}, and ${least} x ${least} is the least`);
}
return small;
