import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateAll } from './generated.ts';

for (const [file, text] of await generateAll()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${file}\n`);
}
