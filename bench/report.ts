import { readFileSync } from 'node:fs';
import { markdownOf, type Report } from './lib/report.ts';

/** `node bench/report.ts FILE.json`: prints a run as the Markdown that stands in docs/reference/performance.md. */
const [file = ''] = process.argv.slice(2);
process.stdout.write(`${markdownOf(JSON.parse(readFileSync(file, 'utf8')) as Report)}\n`);
