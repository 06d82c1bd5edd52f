import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './lib/chart.ts';
import { combine, markdownOf, type Report } from './lib/report.ts';

const BEGIN = '<!-- measured -->';
const END = '<!-- /measured -->';

/**
 * `node bench/report.ts FILE.json … [--page FILE.md]`: prints runs as Markdown; of a bar or chart that several have, the last one's. With `--page`
 * it takes the place of what stands between the page's two marks, and the charts are drawn as pictures in a folder beside the page.
 */
function main(): void {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { page: { type: 'string' } } });
  const report = combine(positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report));
  if (values.page === undefined) {
    process.stdout.write(`${markdownOf(report, '.')}\n`);
    return;
  }
  const { page } = values;
  const pictures = page.replace(/\.md$/, '');
  mkdirSync(pictures, { recursive: true });
  for (const chart of report.charts) writeFileSync(join(pictures, `${chart.name}.svg`), drawChart(chart));
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${page} lacks its marks, ${BEGIN} and ${END}.`);
  writeFileSync(page, `${text.slice(0, from + BEGIN.length)}\n\n${markdownOf(report, relative(dirname(page), pictures))}\n\n${text.slice(to)}`);
}

main();
