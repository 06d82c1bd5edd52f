import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 4;

/** Words of the source that only these files may use: time and the environment have one owner each. */
const ONLY_IN: readonly (readonly [pattern: RegExp, where: RegExp, why: string])[] = [
  [/from 'node:timers|\bDate\.now\(|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/, /^src\/base\/clock\.ts$/, 'time comes from base/clock.ts, so that tests can drive it'],
  [/\bprocess\.env\b/, /^src\/(app\/env|cli\/env|engines\/main)\.ts$/, 'the environment is read at the edge only'],
  [
    /\bimport \{[^}]*\b(request|get|connect|createConnection|lookup|resolve4)\b[^}]*\} from 'node:(http|https|http2|net|tls|dgram|dns(\/promises)?)'|(?<![\w.#]|async )fetch\(/,
    /^sdk\/|^src\/(egress\/\w+|scheduler\/launchers\/(local|command)|data-plane\/dispatch\/engine-connection|app\/foreign-servers|cli\/local\/(first-call|doctor)|engines\/echo-harness)\.ts$/,
    'requests leave through egress/, which judges every address; engines and this machine itself have their own ways (X12 to X14)',
  ],
  [/\bfrom 'node:assert|\bconsole\.assert\(/, /\/testing\//, 'a check that a build mode can strip is none: throw (X47)'],
  [/\bprocess\.exit\(/, /^src\/(main|engines\/main)\.ts$/, 'only an entry ends the process'],
];

/** Lengths, parameters, default exports, `any`, and the words with one owner. */
export function checkHouse(): string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'sdk/src'], { encoding: 'utf8' }).split('\n');
  return files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|\/generated\/|\/migrations\//.test(file)).flatMap(fileFaults);
}

function fileFaults(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const lines = source.split('\n').length;
  const faults = lines > FILE_LINES_MAX ? [`${file}: ${lines} lines (at most ${FILE_LINES_MAX}); split it by responsibility`] : [];
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const code = withoutComments(source);
  for (const [pattern, where, why] of ONLY_IN) if (pattern.test(code) && !where.test(file)) faults.push(`${file}: ${pattern.source} is not for this file: ${why}`);
  visit(tree, (node) => faults.push(...nodeFaults(file, tree, node)));
  return faults;
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[^:'"`])\/\/.*/g, '$1');
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function nodeFaults(file: string, tree: ts.SourceFile, node: ts.Node): string[] {
  const at = `${file}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
  if (node.kind === ts.SyntaxKind.AnyKeyword) return [`${at}: any; use unknown and a guard`];
  if (ts.isExportAssignment(node)) return [`${at}: default export; name it`];
  if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return [];
  const faults: string[] = [];
  const length = tree.getLineAndCharacterOfPosition(node.getEnd()).line - tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
  if (length > FUNCTION_LINES_MAX) faults.push(`${at}: a function of ${length} lines (at most ${FUNCTION_LINES_MAX})`);
  if (node.parameters.length > PARAMETERS_MAX) faults.push(`${at}: ${node.parameters.length} parameters (at most ${PARAMETERS_MAX}); pass one object`);
  return faults;
}
