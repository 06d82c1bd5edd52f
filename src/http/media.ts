import type { IncomingMessage } from 'node:http';
import { Fault } from '../contract/errors.ts';

const SHOWN_CHARS_MAX = 60;

/** No call is a form of parts: such a body is refused by its head, before a byte of it is read, however many parts it has (X44). */
export function refuseForm({ headers }: IncomingMessage): Fault | undefined {
  const type = headers['content-type'];
  return type !== undefined && /^\s*multipart\//i.test(type) ? notAccepted(type) : undefined;
}

export function notAccepted(type: string): Fault {
  return new Fault('invalid_argument', 'unsupported_media_type', `Content-Type "${type.slice(0, SHOWN_CHARS_MAX)}" is not accepted here; send application/json.`);
}
