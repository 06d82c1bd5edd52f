import { invalid } from '../../../contract/errors.ts';
import { type Digest, parseDigest } from '../digest.ts';

/** One file of a web server or of the Hugging Face Hub. */
export interface FileSource {
  readonly kind: 'https' | 'hf';
  /** As written, without the digest. */
  readonly text: string;
  /** Only of `https`. */
  readonly url: string | undefined;
  /** Only of `hf`. */
  readonly hub: HubFile | undefined;
  /** What the file is called in a version. */
  readonly fileName: string;
  readonly digest: Digest | undefined;
}

export interface HubFile {
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

const CHARS_MAX = 2_048;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const PART = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?';
/** Nothing here can be a path that leaves its place: each piece begins with a letter, a digit or "_". */
const HUB = new RegExp(`^hf:(${PART}/${PART})(?:@(${PART}))?/([A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7})$`);
const ACCEPTED = 'hf:ORG/NAME@REVISION/FILE or https://HOST/PATH/FILE#sha256=DIGEST';

export function isFileSource(text: string): boolean {
  return /^(https?|hf):/i.test(text);
}

/** @throws Fault unless the text is `hf:ORG/NAME[@REVISION]/FILE` or `https://HOST/PATH/FILE`, each with `#sha256=` and 64 hex digits or without */
export function parseFileSource(text: string): FileSource {
  const [where = '', mark, ...rest] = text.length > CHARS_MAX ? [] : text.split('#');
  if (where === '' || rest.length > 0) throw notASource(text);
  const digest = mark === undefined ? undefined : digestIn(mark, text);
  if (where.startsWith('hf:')) return { ...hubSource(where), digest };
  return { ...webSource(where), digest };
}

function digestIn(mark: string, text: string): Digest {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(mark)?.[1];
  if (hex === undefined) throw invalid(`${shown(text)}: what follows "#" must be sha256= and 64 lower-case hex digits.`, 'source');
  return parseDigest(`sha256:${hex}`);
}

function hubSource(text: string): Omit<FileSource, 'digest'> {
  const [, repository, revision = 'main', path] = HUB.exec(text) ?? [];
  if (repository === undefined || path === undefined || path.includes('..') || repository.includes('..') || revision.includes('..')) throw notASource(text);
  return { kind: 'hf', text, url: undefined, hub: { repository, revision, path }, fileName: fileName(path, text) };
}

/** A query is refused: signed ones are secrets, and a source is stored and shown. */
function webSource(text: string): Omit<FileSource, 'digest'> {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || !text.startsWith('https://')) throw notASource(text);
  if (url.username !== '' || url.password !== '') throw invalid('A source has no user name or password: it is stored and shown.', 'source');
  if (url.search !== '' || text.includes('?')) throw invalid('A source has no query ("?…"): it is stored and shown, and a signed query is a secret.', 'source');
  return { kind: 'https', text: url.href, url: url.href, hub: undefined, fileName: fileName(url.pathname, text) };
}

function fileName(path: string, text: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!FILE_NAME.test(name)) throw invalid(`${shown(text)} does not end in a file's name of letters, digits, ".", "_" and "-".`, 'source');
  return name;
}

function notASource(text: string) {
  return invalid(`${shown(text)} is not a source of files: ${ACCEPTED}.`, 'source');
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
