import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Of a longer line the begin is kept: a child that never ends one must not fill our memory. */
const LINE_CHARS_MAX = 16_384;

/** Tells each line that a child writes, UTF-8, without its end; what stands behind the last end too, when the stream is over. */
export function eachLine(stream: Readable, tell: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  const add = (text: string) => {
    if (begun.length < LINE_CHARS_MAX) begun += text.slice(0, LINE_CHARS_MAX - begun.length);
  };
  stream.on('data', (chunk: Buffer) => {
    const [first = '', ...more] = decoder.write(chunk).split('\n');
    add(first);
    for (const next of more) {
      tell(begun.replace(/\r$/, ''));
      begun = '';
      add(next);
    }
  });
  stream.once('end', () => {
    add(decoder.end());
    if (begun !== '') tell(begun);
  });
}
