import { parseArgs } from 'node:util';

export interface Options {
  readonly kills: number;
  /** Processes that take calls; the first of them leads. */
  readonly gateways: number;
  readonly db: 'sqlite' | 'postgres';
  readonly seed: number;
  readonly clients: number;
  /** Nothing has a price: records alone are held against the truth. */
  readonly unpriced: boolean;
  readonly json: string | undefined;
  /** Leaves the folder with all that was written. */
  readonly keep: boolean;
}

const USAGE = 'npm run chaos -- [--kills 50] [--gateways 3] [--db sqlite|postgres] [--seed N] [--clients 12] [--unpriced] [--json FILE] [--keep]';

/** @throws Error that says how it is called */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '50' },
      gateways: { type: 'string', default: '3' },
      db: { type: 'string', default: 'sqlite' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      clients: { type: 'string', default: '12' },
      unpriced: { type: 'boolean', default: false },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const number = (name: string, text: string, least: number): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new Error(`--${name} is "${text}"; it must be a whole number of at least ${least}.\n${USAGE}`);
    return Number(text);
  };
  const { db } = values;
  if (db !== 'sqlite' && db !== 'postgres') throw new Error(`--db is "${db}"; it must be sqlite or postgres.\n${USAGE}`);
  return {
    kills: number('kills', values.kills, 0),
    gateways: number('gateways', values.gateways, 1),
    db,
    seed: number('seed', values.seed, 0),
    clients: number('clients', values.clients, 1),
    unpriced: values.unpriced,
    json: values.json,
    keep: values.keep,
  };
}
