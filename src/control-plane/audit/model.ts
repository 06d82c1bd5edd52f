import { hash } from 'node:crypto';

/** What somebody did, or tried to. Ids and names only: never a body, a key or a prompt (X1). */
export interface Deed {
  readonly orgId: string;
  readonly keyId: string;
  /** The API's name of the operation, such as `createKey`. */
  readonly operation: string;
  /** The ids or names of what it was done to. */
  readonly object: string;
  /** The client's IP address. */
  readonly address: string;
  readonly requestId: string;
  /** The HTTP status of the answer. */
  readonly outcome: number;
}

/** A deed as it is kept. */
export interface Entry extends Deed {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly hash: string;
}

/** Where the log ends, and up to where it was moved into archives. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
  readonly archivedSeq: number;
  readonly archivedHash: string;
}

export interface SignedHead extends Head {
  /** The id of the key that signed it. */
  readonly signer: string;
  readonly signature: string;
}

/** The hash before the first entry. */
const GENESIS = '0'.repeat(64);
const OBJECT_CHARS_MAX = 200;

/** sha256 of the hash before and of the entry in a form that has one way to be written, hex. */
function hashOf(previous: string, { seq, at, orgId, keyId, operation, object, address, requestId, outcome }: Omit<Entry, 'hash'>): string {
  return hash('sha256', JSON.stringify([previous, seq, at, orgId, keyId, operation, object, address, requestId, outcome]));
}

export function entryAfter({ seq, hash: previous }: Pick<Head, 'seq' | 'hash'>, at: number, deed: Deed): Entry {
  const entry = { ...deed, object: deed.object.slice(0, OBJECT_CHARS_MAX), seq: seq + 1, at };
  return { ...entry, hash: hashOf(previous, entry) };
}

const FAULTS_MAX = 20;

/** Goes over the log from its first entry, archives first, and gathers what is wrong with it. */
export class Chain {
  #last = { seq: 0, hash: GENESIS };
  readonly #faults: string[] = [];
  readonly #marks: readonly (Pick<Head, 'seq' | 'hash'> & { readonly of: string })[];

  /** @param marks what must be found on the way: a number and the hash that its entry has, and who says so */
  constructor(marks: readonly (Pick<Head, 'seq' | 'hash'> & { readonly of: string })[]) {
    this.#marks = marks.filter(({ seq }) => seq > 0);
  }

  get last(): Pick<Head, 'seq' | 'hash'> {
    return this.#last;
  }

  get faults(): readonly string[] {
    return this.#faults;
  }

  take(entry: Entry): void {
    const { seq, hash: previous } = this.#last;
    if (entry.seq !== seq + 1) this.found(entry.seq > seq + 1 ? `${named(seq + 1, entry.seq - 1)} missing` : `entry ${entry.seq} comes after ${seq}`);
    else if (hashOf(previous, entry) !== entry.hash) this.found(`entry ${entry.seq} is not what its hash says: it, or the order, was changed`);
    for (const mark of this.#marks) if (mark.seq === entry.seq && mark.hash !== entry.hash) this.found(`entry ${entry.seq} is not the one that ${mark.of} names`);
    this.#last = entry;
  }

  /** After the last entry: what was signed must be there. */
  end(): void {
    for (const { seq, of } of this.#marks) if (seq > this.#last.seq) this.found(`${named(this.#last.seq + 1, seq)} missing at the end: ${of} names entry ${seq}`);
  }

  found(fault: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(fault);
  }
}

function named(from: number, to: number): string {
  return from === to ? `entry ${from} is` : `entries ${from} to ${to} are`;
}
