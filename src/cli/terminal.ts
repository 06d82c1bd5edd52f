import { styleText } from 'node:util';
import stringWidth from 'string-width';

type Style = Parameters<typeof styleText>[0];

/** Coloured where the terminal takes it (NO_COLOR and pipes are honoured), plain elsewhere. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

const ESCAPE = '\u001B';
/** What a terminal takes for commands: all control characters but line ends and tabs, and but an escape that begins a colour. */
const COMMANDS = new RegExp(`(?!${ESCAPE}\\[[\\d;]{0,20}m)(?![\\n\\t])[\\p{Cc}\\p{Bidi_Control}]`, 'gu');

/** Text of others for a terminal: a publisher's card must not move the cursor, set a title or turn lines round (X40). */
export function printable(text: string): string {
  return text.replaceAll(COMMANDS, '');
}

export interface Progress {
  /** Replaces the line that is being shown. */
  update(text: string): void;
  /** Ends the line with its last text. */
  done(text: string): void;
}

/** One line that changes in a terminal; in a pipe, only its last text. */
export function progressLine(output: NodeJS.WriteStream): Progress {
  const live = output.isTTY;
  const show = (text: string, end: string) => output.write(live ? `\r\u001B[2K${fit(printable(text), (output.columns ?? 80) - 1)}${end}` : `${printable(text)}${end}`);
  return {
    update: (text) => {
      if (live) show(text, '');
    },
    done: (text) => {
      show(text, '\n');
    },
  };
}

/** Text cut to a width in columns; wide characters count two. */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let cut = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

function pad(text: string, columns: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, columns - stringWidth(text)));
  return right ? space + text : text + space;
}

/** Rows under headings, aligned (numbers right), the widest column cut so that all of it fits `columns`. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[], columns: number): string {
  const cells = rows.map((row) => row.map(String));
  const widths = headings.map((heading, index) => Math.max(stringWidth(heading), ...cells.map((row) => stringWidth(row[index] ?? ''))));
  const numeric = headings.map((_, index) => rows.length > 0 && rows.every((row) => typeof row[index] === 'number'));
  for (let over = total(widths) - columns; over > 0; over = total(widths) - columns) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= 8) break;
    widths[widest] = Math.max(8, width - over);
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => pad(fit(cell, widths[index] ?? 0), widths[index] ?? 0, numeric[index] ?? false))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(headings)), ...cells.map(line)].join('\n');
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
}
