import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { isMap, parseDocument } from 'yaml';
import { checker } from '../contract/check.ts';
import { Fault, invalid } from '../contract/errors.ts';
import { CostingSection } from '../control-plane/costing/index.ts';

const FILE_BYTES_MAX = 1_048_576;

/** The operator's own file, `modelyard.yaml` in the home. Every section may be left out; what it then means is said at the section. A key that nobody knows is refused. */
const ConfigFileSchema = Type.Object({ costing: Type.Optional(CostingSection) }, { additionalProperties: false });

export type ConfigFile = Static<typeof ConfigFileSchema>;

const check = checker(ConfigFileSchema);

/** Reads the operator's file; one that is not there is an empty one. @throws Fault that names the file and what in it is not accepted */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    return parseConfigFile(text);
  } catch (error) {
    throw error instanceof Fault ? invalid(`${path}: ${error.message}`, error.param) : error;
  }
}

/** @throws Fault that says where the text is not YAML, or which key or value is not accepted */
export function parseConfigFile(text: string): ConfigFile {
  if (text.length > FILE_BYTES_MAX) throw invalid(`The file is longer than ${FILE_BYTES_MAX} characters.`);
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem) throw invalid(problem.message);
  if (document.contents === null) return check({});
  if (!isMap(document.contents)) throw invalid('The file must be a map of sections.');
  return check(document.toJS({ maxAliasCount: 100 }) as unknown);
}
