import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openInMemory, openPostgres } from '../../../tests/databases.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { type Db, transact } from '../../db/open.ts';
import { splitOf } from './model.ts';
import { Ledger } from './service.ts';
import { PlainLedger } from './testing.ts';

/** Sequences of operations; `MONEY_SEQUENCES=10000` for M4's number, on each database. Each is an organisation of its own in one book. */
const SEQUENCES: Readonly<Record<string, number>> = { SQLite: 600, PostgreSQL: 150 };
const NAMES = 3;
const SHARE = 8_000;

const name = fc.integer({ min: 0, max: NAMES - 1 });
const amount = fc.bigInt({ min: 1n, max: 1_000n });
const operation = fc.oneof(
  fc.record({ op: fc.constant('credit' as const), grant: name, amount, priority: fc.integer({ min: 1, max: 2 }), lasts: fc.option(fc.integer({ min: 1, max: 5 })) }),
  fc.record({ op: fc.constant('lease' as const), lease: name, amount }),
  fc.record({ op: fc.constant('settle' as const), lease: name, request: name, amount }),
  fc.record({ op: fc.constant('close' as const), lease: name }),
  fc.record({ op: fc.constant('expire' as const) }),
  fc.record({ op: fc.constant('refund' as const), request: name, amount, refund: name }),
  fc.record({ op: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 3 }) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer One> ? One : never;
const HOUR = 3_600_000;
/** Neither has anything to say. */
const SAME = [undefined, undefined] as const;
const code = (error: unknown) => (error as { code?: string }).code;

/** Both ledgers, side by side. */
class Pair {
  readonly #ledger: Ledger;
  readonly #clock: FakeClock;
  readonly #plain = new PlainLedger();
  readonly #org: string;
  readonly #db: Db;
  #leases = 0;

  constructor(db: Db, clock: FakeClock, org: string) {
    this.#db = db;
    this.#clock = clock;
    this.#ledger = new Ledger(db, clock);
    this.#org = org;
  }

  #id(text: string | number): string {
    return `${this.#org}-${text}`;
  }

  /** Does it to both. Returns what they said of it: the real one, then the plain one. */
  async step(operation: Operation): Promise<readonly [unknown, unknown]> {
    const now = this.#clock.now();
    switch (operation.op) {
      case 'credit': {
        const id = this.#id(`g${operation.grant}`);
        const expiresAt = operation.lasts === null ? undefined : now + operation.lasts * HOUR;
        const known = this.#plain.grants.get(id);
        if (known) return SAME;
        await this.#ledger.credit({ id, orgId: this.#org, amountMicros: operation.amount, priority: operation.priority, expiresAt, note: '', isPaid: operation.priority === 2 });
        this.#plain.credit(id, { amount: operation.amount, priority: operation.priority, expiresAt: expiresAt ?? Number.MAX_SAFE_INTEGER }, now);
        return SAME;
      }
      case 'lease': {
        const id = this.#id(`l${operation.lease}-${this.#leases++}`);
        const got = await this.#ledger.lease({ id, orgId: this.#org, gateway: 'g', epoch: 1, wantedMicros: operation.amount }).then(({ amountMicros }) => amountMicros, code);
        const expected = this.#plain.lease(id, operation.amount, now);
        return [got, expected === 0n ? 'insufficient_quota' : expected];
      }
      case 'settle': {
        const lease = [...this.#plain.leases.keys()][operation.lease] ?? this.#id('none');
        const id = this.#id(`r${operation.request}`);
        await transact(this.#db, (tx) => this.#ledger.settle(tx, [{ id, orgId: this.#org, lease, split: splitOf(operation.amount, this.#id('p'), SHARE) }]));
        this.#plain.settle({ id, lease, amount: operation.amount, basisPoints: SHARE, now });
        return SAME;
      }
      case 'close': {
        const lease = [...this.#plain.leases.keys()][operation.lease];
        if (lease === undefined) return SAME;
        await this.#ledger.close(lease);
        this.#plain.close(lease, now);
        return SAME;
      }
      case 'expire':
        await this.#ledger.expire();
        this.#plain.expire(now);
        return SAME;
      case 'refund': {
        const [id, of] = [this.#id(`f${operation.refund}-${operation.request}-${operation.amount}`), this.#id(`r${operation.request}`)];
        if (this.#plain.grants.has(id)) return SAME;
        const split = splitOf(operation.amount, this.#id('p'), SHARE);
        const outcome = await this.#ledger.refund({ id, of, split }).then(
          () => true,
          () => false,
        );
        return [outcome, this.#plain.refund(id, of, split, now)];
      }
      case 'wait':
        await this.#clock.advance(operation.hours * HOUR);
        return SAME;
    }
  }

  /** What accounts should hold, and what they do; those with nothing don't count. */
  async compare(): Promise<readonly [expected: Record<string, bigint>, kept: Record<string, bigint>]> {
    const plain = this.#plain;
    const org = this.#org;
    const expected: Record<string, bigint> = { [`payable/${this.#id('p')}`]: plain.publisher, [`receivable/${org}`]: -plain.owed };
    for (const [id, { left }] of plain.grants) expected[`wallet/${org}/${id}`] = left;
    for (const [lease, { held }] of plain.leases) for (const [grant, part] of held) expected[`leased/${lease}/${grant}`] = part;
    const kept: Record<string, bigint> = {};
    for (const prefix of [`wallet/${org}/`, `leased/${this.#id('')}`, `payable/${this.#id('p')}`]) Object.assign(kept, Object.fromEntries(await this.#ledger.balances(prefix)));
    kept[`receivable/${org}`] = (await this.#ledger.balances(`receivable/${org}`)).get(`receivable/${org}`) ?? 0n;
    const nonZero = (of: Record<string, bigint>) => Object.fromEntries(Object.entries(of).filter(([, amount]) => amount !== 0n));
    return [nonZero(expected), nonZero(kept)];
  }
}

test.each([
  ['SQLite', openInMemory],
  ['PostgreSQL', openPostgres],
] as const)(
  'M4: on %s random sequences of operations leave what a plain ledger of variables has; all accounts together are 0',
  async (name, open) => {
    await using database = await open();
    const { db } = database;
    const clock = new FakeClock();
    const numRuns = Number(process.env['MONEY_SEQUENCES'] ?? SEQUENCES[name]);
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
        const pair = new Pair(db, clock, `org${sequence++}`);
        for (const one of operations) {
          const [said, expected] = await pair.step(one);
          expect(said).toEqual(expected);
        }
        const [expected, kept] = await pair.compare();
        expect(kept).toEqual(expected);
      }),
      { numRuns },
    );
    const ledger = new Ledger(db, clock);
    const { transactions, faults } = await ledger.check();
    expect(faults).toEqual([]);
    expect([...(await ledger.balances('')).values()].reduce((sum, balance) => sum + balance, 0n)).toBe(0n);
    process.stdout.write(`${name}: ${numRuns} sequences, ${transactions} transactions\n`);
  },
  900_000,
);
