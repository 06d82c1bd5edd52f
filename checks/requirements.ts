import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { parse } from 'yaml';

const KNOWN = 'checks/requirements.yaml';
/** Where the requirements themselves are, beside a checkout of those who have them. */
const SHARED = '../shared/requirements';
/** One id, or a range of them: `S13–S16`. */
const IDS = /\b([CMPQSX])(\d{1,2})\b(?:\s*(?:–|-|to)\s*\1(\d{1,2})\b)?/g;
const GROUPS: readonly (readonly [letter: string, title: string])[] = [
  ['M', 'Money'],
  ['X', 'Security'],
  ['S', 'Serving'],
  ['C', 'Standards'],
  ['Q', 'Evaluation and cost'],
  ['P', 'Performance'],
];
const HEAD = `<!-- Made by "npm run generate" from checks/requirements.yaml and the titles of the tests. Do not edit. -->

# Requirements

What Modelyard is to do, and the tests that prove it: those whose titles name the id. \`in part\`: less than the whole is proved, and it says what is missing. \`missed\`: it was measured, and is not so. \`open\`: nothing proves it yet.
`;

interface Known {
  readonly asks: Readonly<Record<string, string>>;
  readonly elsewhere: Readonly<Record<string, string>>;
  readonly inPart: Readonly<Record<string, string>>;
  readonly missed: Readonly<Record<string, string>>;
}

/** The page of all requirements: what each asks, its tests, and its state. */
export function requirementsPage(): string {
  const known = readKnown();
  const tests = testsById();
  const parts = GROUPS.map(([letter, title]) => {
    const ids = Object.keys(known.asks).filter((id) => id.startsWith(letter));
    return `\n## ${title}\n\n${table(ids, known, tests)}`;
  });
  const states = Object.keys(known.asks).map((id) => stateOf(id, known, tests).split(':')[0] ?? '');
  const counts = ['proved', 'in part', 'missed', 'open'].map((state) => `${states.filter((other) => other === state).length} ${state}`).join(', ');
  return `${HEAD}\n${states.length} requirements: ${counts}.\n${parts.join('')}`;
}

/** A test names nothing that does not exist, and nothing that exists is left out. */
export function checkRequirements(): string[] {
  const { asks, elsewhere, inPart, missed } = readKnown();
  const unknown = [...testsById()]
    .filter(([id]) => !(id in asks))
    .map(([id, files]) => `${[...files].join(', ')}: there is no requirement ${id}; name one of ${KNOWN}, or add it there`);
  const stray = [...Object.keys(elsewhere), ...Object.keys(inPart), ...Object.keys(missed)]
    .filter((id) => !(id in asks))
    .map((id) => `${KNOWN}: ${id} is told of and not listed under "asks"`);
  const missing = sharedIds()
    .filter((id) => !(id in asks))
    .map((id) => `${KNOWN}: ${id} of ${SHARED} is missing`);
  return [...unknown, ...stray, ...missing];
}

function readKnown(): Known {
  return parse(readFileSync(KNOWN, 'utf8')) as Known;
}

/** Empty on a clone that has only the repository. */
function sharedIds(): string[] {
  if (!existsSync(SHARED)) return [];
  const files = readdirSync(SHARED).filter((name) => name.endsWith('.md'));
  return files.flatMap((name) => [...readFileSync(`${SHARED}/${name}`, 'utf8').matchAll(/^(?:- \*\*|\| )([CMPQSX]\d{1,2})\b/gm)].map(([, id = '']) => id));
}

function testsById(): Map<string, Set<string>> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file));
  const found = new Map<string, Set<string>>();
  for (const file of files.toSorted()) {
    for (const id of titlesOf(file).flatMap(idsIn)) found.set(id, (found.get(id) ?? new Set()).add(file));
  }
  return found;
}

function idsIn(title: string): string[] {
  return [...title.matchAll(IDS)].flatMap(([, letter = '', first = '', last = first]) =>
    Array.from({ length: Math.max(1, Number(last) - Number(first) + 1) }, (_, i) => `${letter}${Number(first) + i}`),
  );
}

/** The titles of a file's tests, and of what they stand in. */
function titlesOf(file: string): string[] {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments;
      if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) titles.push(title.getText(tree));
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return titles;
}

/** `test`, `test.skipIf(…)`, `describe.each(…)`, … */
function isTest(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return ['test', 'it', 'describe'].includes(called.text);
  return ts.isPropertyAccessExpression(called) || ts.isCallExpression(called) ? isTest(called.expression) : false;
}

function table(ids: readonly string[], known: Known, tests: ReadonlyMap<string, ReadonlySet<string>>): string {
  const rows = ids.map((id) => {
    const files = [...(tests.get(id) ?? [])].map((file) => `[${file}](../../${file})`);
    const proofs = [...files, known.elsewhere[id] ?? []].flat().join('<br>');
    return `| ${id} | ${known.asks[id]} | ${proofs} | ${stateOf(id, known, tests)} |`;
  });
  return ['| id | asks | proved by | state |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function stateOf(id: string, { elsewhere, inPart, missed }: Known, tests: ReadonlyMap<string, ReadonlySet<string>>): string {
  if (missed[id] !== undefined) return `missed: ${missed[id]}`;
  if (inPart[id] !== undefined) return `in part: ${inPart[id]}`;
  return tests.has(id) || id in elsewhere ? 'proved' : 'open';
}
