/**
 * Rewrites requests of OpenAI's dialect for a server that is not ours, in their bytes: the model gets the name that it has there, and a stream is asked for its usage.
 * All else goes on as it came. The body has been parsed and checked before: it is an object.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** A member of the outermost object: where it begins and ends in the bytes, its name and its comma not included. */
interface Member {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Rewriting {
  readonly model: string;
  /** It is a stream that is to tell its usage. */
  readonly asksUsage: boolean;
}

export function rewriteRequest(body: Buffer, { model, asksUsage }: Rewriting): Buffer {
  const members = membersOf(body);
  const parts: Buffer[] = [];
  let at = 0;
  const replace = ({ from, to }: Member, by: string) => {
    parts.push(body.subarray(at, from), Buffer.from(by));
    at = to;
  };
  // Of members with equal names the last one counts, for us and for whoever reads them next; all of them say the same now.
  for (const member of members) {
    if (member.name === 'model') replace(member, JSON.stringify(model));
    if (member.name === 'stream_options' && asksUsage) replace(member, USAGE_ASKED);
  }
  parts.push(body.subarray(at));
  const whole = Buffer.concat(parts);
  if (!asksUsage || members.some(({ name }) => name === 'stream_options')) return whole;
  const brace = whole.indexOf('{');
  return Buffer.concat([whole.subarray(0, brace + 1), Buffer.from(`"stream_options":${USAGE_ASKED},`), whole.subarray(brace + 1)]);
}

const USAGE_ASKED = '{"include_usage":true}';

/** The members of an object that is known to be valid JSON. */
function membersOf(body: Buffer): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let name: string | undefined;
  let from = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) {
      const end = stringEnd(body, at);
      if (depth === 1 && name === undefined) {
        name = JSON.parse(body.toString('utf8', at, end)) as string;
        from = body.indexOf(':', end) + 1;
        at = from - 1;
      } else {
        at = end - 1;
      }
    } else if (OPENING.has(byte)) {
      depth++;
    } else if (CLOSING.has(byte)) {
      if (depth-- === 1 && name !== undefined) members.push({ name, from, to: at });
    } else if (byte === COMMA && depth === 1 && name !== undefined) {
      members.push({ name, from, to: at });
      name = undefined;
    }
  }
  return members;
}

/** After the closing quote of the string that begins at `from`. */
function stringEnd(body: Buffer, from: number): number {
  let at = from + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}
