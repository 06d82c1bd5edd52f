/** One record of a CSV text, with the line on which it begins (from 1). */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** What is wrong with a dataset's text, and on which line. */
export class LineError extends Error {
  override readonly name = 'LineError';
  readonly line: number;

  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

/**
 * Reads CSV as RFC 4180 has it: comma, double quotes around fields with commas, quotes ("") or line ends, CRLF or LF, an optional byte order mark.
 * Empty lines are skipped. @throws LineError for a quote out of place or one that is never closed
 */
export function* readCsv(text: string): Generator<CsvRecord> {
  const reader = new CsvReader(text.startsWith('\uFEFF') ? text.slice(1) : text);
  for (let record = reader.next(); record; record = reader.next()) if (record.fields.length > 1 || record.fields[0] !== '') yield record;
}

class CsvReader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  next(): CsvRecord | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const { line, fields } = { line: this.#line, fields: [] as string[] };
    for (;;) {
      fields.push(this.#text[this.#at] === '"' ? this.#quoted() : this.#plain());
      const end = this.#text[this.#at];
      if (end === ',') {
        this.#at++;
        continue;
      }
      if (end !== undefined) this.#at += end === '\r' ? 2 : 1;
      this.#line++;
      return { line, fields };
    }
  }

  #plain(): string {
    const rest = /,|\r\n|\n|"/g;
    rest.lastIndex = this.#at;
    const found = rest.exec(this.#text);
    if (found?.[0] === '"') throw new LineError(this.#line, 'there is a quote inside a field without quotes; put the field in quotes and write the quote twice ("").');
    const end = found?.index ?? this.#text.length;
    const field = this.#text.slice(this.#at, end);
    this.#at = end;
    return field;
  }

  #quoted(): string {
    const begins = this.#line;
    let field = '';
    for (let from = this.#at + 1; ; from = this.#at + 2) {
      const end = this.#text.indexOf('"', from);
      if (end < 0) throw new LineError(begins, 'a quoted field begins here and is never closed.');
      field += this.#text.slice(from, end);
      this.#at = end;
      if (this.#text[end + 1] !== '"') break;
      field += '"';
    }
    this.#at++;
    this.#line += field.split('\n').length - 1;
    const after = this.#text.slice(this.#at, this.#at + 2);
    if (after !== '' && after !== '\r\n' && !after.startsWith(',') && !after.startsWith('\n')) {
      throw new LineError(this.#line, 'after the closing quote of a field there must be a comma or the end of the line.');
    }
    return field;
  }
}
