import { Fault } from './errors.ts';

/** `org/name` or a short name of the platform's: each part `[a-z0-9][a-z0-9._-]{0,62}`, at most one slash. */
const PART = '[a-z0-9][a-z0-9._-]{0,62}';
const NAME = new RegExp(`^(?:${PART}/)?${PART}$`);
const REFERENCE = new RegExp(`^((?:${PART}/)?${PART})(?::([1-9][0-9]{0,8}))?$`);
const REFERENCE_CHARS_MAX = 140;

export const NAME_RULE = 'lower-case letters, digits, ".", "_" and "-", at most 63 characters, optionally after an organisation and one "/"';

/** A deployment by name, and the model version wanted of it when the request says one. */
export interface ModelReference {
  readonly name: string;
  readonly version: number | undefined;
}

/** Whether `text` is a canonical model or deployment name. `..` never is: a part starts with a letter or digit. */
export function isName(text: string): boolean {
  return text.length <= REFERENCE_CHARS_MAX && NAME.test(text);
}

/** The organisation in a name; `undefined` for the platform's short names. */
export function orgOfName(name: string): string | undefined {
  const slash = name.indexOf('/');
  return slash < 0 ? undefined : name.slice(0, slash);
}

/** Reads `name`, `org/name` or either with `:N`. What is not a name can't exist, so it is as unknown as any other (X48). */
export function parseReference(text: string): ModelReference {
  const match = text.length <= REFERENCE_CHARS_MAX ? REFERENCE.exec(text) : null;
  if (!match?.[1]) throw unknownModel(text);
  return { name: match[1], version: match[2] === undefined ? undefined : Number(match[2]) };
}

/** Also the answer for a model that exists but that the caller may not see. */
export function unknownModel(text: string): Fault {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new Fault('not_found', 'model_not_found', `The model ${JSON.stringify(shown)} does not exist or your key may not call it.`, { param: 'model' });
}
