// By what asked for a file, and by its name where a preload did.
const files = performance.getEntriesByType('resource').map((entry) => ({
  script: entry.initiatorType === 'script' || /\.m?js$/.test(new URL(entry.name).pathname),
  style: entry.initiatorType === 'css' || /\.css$/.test(new URL(entry.name).pathname),
  bytes: entry.transferSize,
}));
const sum = (of) => of.reduce((all, file) => all + file.bytes, 0);
const [scripts, styles] = [files.filter((file) => file.script), files.filter((file) => file.style && !file.script)];
return { files: scripts.length + styles.length, script: sum(scripts), style: sum(styles) };
