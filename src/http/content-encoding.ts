/** How an answer may be compressed, best first: what clients that speak of either can read. */
const ENCODINGS = ['gzip', 'deflate'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Smaller answers go as they are: they fit a few packets, and compressing takes longer than sending. */
const COMPRESSED_BYTES_MIN = 4_096;
/** zlib's fastest: JSON becomes a fifth of its size at several times the default's speed. */
export const COMPRESSION_LEVEL = 1;
const HEADER_CHARS_MAX = 1_024;

/** The compression that `Accept-Encoding` asks for; undefined: none, or the answer as it is just as well (RFC 9110, 12.5.3). */
export function acceptedEncoding(header: string | string[] | undefined): Encoding | undefined {
  if (typeof header !== 'string' || header.length > HEADER_CHARS_MAX) return undefined;
  const weights = weightsIn(header);
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = ENCODINGS.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a));
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined;
}

function weightsIn(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const value = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
    if (coding) weights.set(coding === 'x-gzip' ? 'gzip' : coding, value);
  }
  return weights;
}

/** Whether an answer with these headers is compressed for who asks: whole, large, and not compressed already. A stream's frames must not wait for more. */
export function isCompressible(headers: Readonly<Record<string, unknown>>): boolean {
  const type = headers['content-type'];
  return (
    Number(headers['content-length'] ?? 0) >= COMPRESSED_BYTES_MIN &&
    headers['content-encoding'] === undefined &&
    typeof type === 'string' &&
    /^(application\/(json|octet-stream)|text\/(?!event-stream))/.test(type)
  );
}
