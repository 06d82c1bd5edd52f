import type { RawAnswer } from './connection.ts';
import type { RawRequest } from './request.ts';

/** 5xx answers that are no failure to read: what was asked for was understood, and this machine does not have it. */
const ALLOWED: readonly string[] = ['"too_many_threads"'];

/** What no error may tell: a stack, a path of the machine, SQL, what the system calls it. */
const LEAKS: readonly RegExp[] = [
  /\n\s+at /,
  /\bat [\w.<>]+ \(?(file:|node:|\/)/,
  /node:internal|node_modules/,
  /\/(tmp|home|root|usr|var|proc|work)\/[\w.-]/,
  /\b\w+\.ts\b/,
  /SQLITE_|sqlite|postgres|kysely/i,
  /\b(select .+ from|insert into|update \w+ set|delete from|constraint failed|syntax error (at|near))\b/i,
  /\b(ENOENT|EACCES|EISDIR|ENOTDIR|ENAMETOOLONG|ECONN\w+|EPIPE|ERR_[A-Z_]+|FST_ERR\w+)\b/,
  /\b(TypeError|RangeError|ReferenceError|undefined is not|Cannot read properties)\b/,
];

/** What is wrong with an answer; undefined: nothing. */
export function faultOf(request: RawRequest, answer: RawAnswer): string | undefined {
  const { status, body } = answer;
  if (status === -1) return 'no answer came';
  if (Number.isNaN(status)) return 'the answer is not HTTP';
  // Nobody can be told anything who has left in the middle of a request.
  if (status === 0) return request.isCut ? undefined : 'the connection was closed without an answer';
  if (status >= 500 && !isAllowed(body)) return `status ${status}`;
  if (status < 400) return namesNothing(request) ? `a name that cannot be was served: ${status}` : undefined;
  if (request.method === 'HEAD') return undefined;
  return formatFault(request.path, body) ?? leakIn(body, request);
}

function isAllowed(body: string): boolean {
  return ALLOWED.some((code) => body.includes(code));
}

/** X48: a model's name that goes out of its folder, is endless, or has a NUL. */
function namesNothing({ path, bytes, method }: RawRequest): boolean {
  if (!/^\/v[12]\//.test(path)) return false;
  const name = /^\/v[12]\/(?:repository\/)?models\/([^?#]*)/.exec(path)?.[1];
  if (name !== undefined && method !== 'OPTIONS') return /(^|\/|%2f)(\.\.|%2e%2e)(\/|%2f|$)|%00|%252f/i.test(name) || name.length > 2_000;
  return /"model":"(\.\.|[^"]*\\u0000|[^"]*%2f|x{10000})/.test(bytes.toString('latin1'));
}

/** Each protocol has its own error: OpenAI's object, OIP's sentence, the control API's code, message and param. */
function formatFault(path: string, body: string): string | undefined {
  const error = errorIn(body);
  if (error === undefined) return `an error without an error body: ${body.slice(0, 200)}`;
  if (typeof error === 'string') return path.startsWith('/v2') ? undefined : 'an error in OIP’s form where another is spoken';
  const { code, message, param } = error;
  if (typeof code !== 'string' || typeof message !== 'string' || message === '' || (param !== null && typeof param !== 'string'))
    return `an error without its fields: ${body.slice(0, 200)}`;
  if (path.startsWith('/v1/') && !('type' in error)) return 'an OpenAI error without its type';
  return undefined;
}

function errorIn(body: string): string | Readonly<Record<string, unknown>> | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' || (typeof error === 'object' && error !== null) ? (error as string | Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function leakIn(body: string, { bytes }: RawRequest): string | undefined {
  const found = LEAKS.map((leak) => leak.exec(body)?.[0]).find((text) => text !== undefined);
  // What the client has sent may come back to it.
  return found !== undefined && !bytes.includes(found) ? `the error tells of the inside: ${body.slice(0, 300)}` : undefined;
}
