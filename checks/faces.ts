import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOMAINS = 'src/control-plane';
const MUST = ['README.md', 'index.ts', 'model.ts', 'service.ts'];
const README_SAYS = ['**Owns**', '**Does not own**', 'Invariants'];

/** Every control-plane domain shows the same faces, so that who knows one knows them all. */
export function checkFaces(): string[] {
  const faults: string[] = [];
  for (const domain of readdirSync(DOMAINS)) {
    const folder = join(DOMAINS, domain);
    for (const file of MUST) if (!existsSync(join(folder, file))) faults.push(`${folder} has no ${file}: every domain has ${MUST.join(', ')}.`);
    faults.push(...readmeFaults(folder), ...indexFaults(folder), ...errorFaults(folder));
  }
  return faults;
}

function text(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function readmeFaults(folder: string): string[] {
  const readme = text(join(folder, 'README.md'));
  return README_SAYS.filter((words) => !readme.includes(words)).map((words) => `${folder}/README.md does not say "${words}".`);
}

function indexFaults(folder: string): string[] {
  const lines = text(join(folder, 'index.ts')).split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !/^export (type )?(\{|\*)|^ {2}(type )?\w+,?$|^\} from/.test(line))
    .map((line) => `${folder}/index.ts only re-exports; it has: ${line}`);
}

function errorFaults(folder: string): string[] {
  return /\b[45]\d\d\b/.test(text(join(folder, 'errors.ts'))) ? [`${folder}/errors.ts names an HTTP status: errors have a kind, and the protocol maps it.`] : [];
}
