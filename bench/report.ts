import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './lib/chart.ts';
import { combine, markdownOf, type Report } from './lib/report.ts';

/**
 * `node bench/report.ts FILE.json … [--page FILE.md]`: prints runs as Markdown; of a bar or chart that several have, the last one's. With `--page`
 * the parts take the place of what stands between the page's marks, and the charts are drawn as pictures in a folder beside the page.
 */
function main(): void {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { page: { type: 'string' } } });
  const report = combine(positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report));
  const { page } = values;
  const pictures = page?.replace(/\.md$/, '') ?? '.';
  const parts = markdownOf(report, page === undefined ? '.' : relative(dirname(page), pictures));
  if (page === undefined) {
    process.stdout.write(`${Object.values(parts).join('\n\n')}\n`);
    return;
  }
  mkdirSync(pictures, { recursive: true });
  for (const chart of report.charts) writeFileSync(join(pictures, `${chart.name}.svg`), drawChart(chart));
  let text = readFileSync(page, 'utf8');
  for (const [name, part] of Object.entries(parts)) text = replaced(text, name, part);
  writeFileSync(page, text);
}

function replaced(page: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page lacks its marks, ${begin} and ${end}.`);
  return `${page.slice(0, from + begin.length)}\n\n${part}\n\n${page.slice(to)}`;
}

main();
