import { invalid } from '../../../contract/errors.ts';

/** A package of a registry, by exact version. */
export interface PackageSource {
  readonly ecosystem: 'pypi' | 'npm';
  readonly name: string;
  readonly version: string;
  /** As written: `pypi:NAME==VERSION` or `npm:NAME@VERSION`. */
  readonly text: string;
}

const CHARS_MAX = 300;
/** PEP 503 names and PEP 440 versions, without the forms that nobody needs. Nothing here can be an option, a path or a URL. */
const PYPI =
  /^pypi:([A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)==((?:\d{1,6}!)?\d{1,9}(?:\.\d{1,9}){0,7}(?:(?:a|b|rc)\d{1,9})?(?:\.post\d{1,9})?(?:\.dev\d{1,9})?(?:\+[a-z0-9]{1,32})?)$/;
const NPM = /^npm:((?:@[a-z0-9][a-z0-9._-]{0,99}\/)?[a-z0-9][a-z0-9._-]{0,99})@(\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z-]{1,32}(?:\.[0-9A-Za-z-]{1,32}){0,7})?)$/;
/** The clients take a word with such an ending for a file. */
const FILE_ENDING = /\.(whl|zip|egg|tar|tgz|gz|bz2|xz|lzma)$/i;

/** @throws Fault unless the text is `pypi:NAME==VERSION` or `npm:NAME@VERSION` */
export function parseSource(text: string): PackageSource {
  const match = text.length > CHARS_MAX ? null : (PYPI.exec(text) ?? NPM.exec(text));
  const [, name, version] = match ?? [];
  if (name === undefined || version === undefined || FILE_ENDING.test(name) || FILE_ENDING.test(version)) {
    throw invalid(`${JSON.stringify(text.slice(0, 100))} is not a package source: pypi:NAME==VERSION or npm:NAME@VERSION, with one exact version.`, 'source');
  }
  return { ecosystem: text.startsWith('pypi:') ? 'pypi' : 'npm', name, version, text };
}
