import { styleText } from 'node:util';

const MIB = 1_048_576;

export function title(text: string): void {
  process.stdout.write(`\n${styleText('bold', text)}\n`);
}

export function say(text: string): void {
  process.stdout.write(`${text.replaceAll(/^/gm, '  ')}\n`);
}

export function bytes(size: number | undefined): string {
  return size === undefined ? '–' : size < MIB ? `${(size / 1_024).toFixed(0)} KiB` : `${(size / MIB).toFixed(1)} MiB`;
}

export function count(value: number | undefined): string {
  return value === undefined ? '–' : Math.round(value).toLocaleString('en');
}

export function percent(fraction: number | undefined): string {
  return `${((fraction ?? 0) * 100).toFixed(1)} %`;
}

/** Rows under headings; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => String(row[column] ?? '').length)));
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, column) => (typeof cell === 'number' ? String(cell).padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [styleText('dim', line(headings)), ...rows.map(line)].join('\n');
}
