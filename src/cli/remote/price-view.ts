import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { PRICE_UNITS, type PriceUnit } from '../../contract/price.ts';
import { defined } from './flags.ts';

export type RateTexts = Partial<Record<PriceUnit, string>>;

interface Quota {
  readonly unit: string;
  readonly period: string;
}

export interface PlanOfListing {
  readonly name: string;
  readonly kind: 'free' | 'pay_per_use';
  readonly open: boolean;
  readonly quota?: Quota & { readonly amount: number };
  readonly price?: { readonly number: number; readonly currency?: string; readonly rates?: RateTexts; readonly problem?: string };
}

/** How rates are said in a table: behind the amount, what it is for. */
const PER: Readonly<Record<PriceUnit, string>> = {
  input_tokens: '/1M in',
  cached_tokens: '/1M cached',
  output_tokens: '/1M out',
  requests: '/1k calls',
  rows: '/1k rows',
  bytes: '/GB',
  compute_ms: '/hour',
};
const UNITS = Object.keys(PRICE_UNITS) as readonly PriceUnit[];

/** `0.50/1M in, 1.50/1M out` */
export function ratesText(rates: RateTexts): string {
  return UNITS.flatMap((unit) => (rates[unit] === undefined ? [] : [`${rates[unit]}${PER[unit]}`])).join(', ');
}

/** `100 requests/day` */
export function quotaText({ unit, period }: Quota, amount: number): string {
  return `${amount} ${unit}${period === 'total' ? ' in all' : `/${period}`}`;
}

/** What a plan costs, in a few words. */
export function planText({ kind, quota, price }: PlanOfListing): string {
  if (price?.problem !== undefined) return `no price: ${price.problem}`;
  if (kind === 'free') return quota ? `free: ${quotaText(quota, quota.amount)}` : 'free';
  return `${ratesText(price?.rates ?? {})}${price?.currency === undefined ? '' : ` ${price.currency}`}`;
}

export interface RateFlags {
  readonly input?: string;
  readonly cached?: string;
  readonly output?: string;
  readonly requests?: string;
  readonly rows?: string;
  readonly bytes?: string;
  readonly compute?: string;
}

/** Adds an option for each unit that can have a rate. */
export function rateOptions(command: Command): Command {
  return command
    .option('--input <amount>', 'for 1,000,000 tokens of prompts')
    .option('--cached <amount>', 'for 1,000,000 tokens of prompts that are cached; otherwise as --input')
    .option('--output <amount>', 'for 1,000,000 tokens of answers')
    .option('--requests <amount>', 'for 1,000 calls')
    .option('--rows <amount>', 'for 1,000 rows of tensors')
    .option('--bytes <amount>', 'for 1,000,000,000 bytes, in and out')
    .option('--compute <amount>', 'for an hour of computing');
}

const RATE = /^\d{1,9}(?:\.\d{1,6})?$/;

/** The rates that were given; undefined: none. @throws Fault that names the flag of one that is no amount */
export function ratesOfFlags({ input, cached, output, requests, rows, bytes, compute }: RateFlags): RateTexts | undefined {
  const flags = { input, cached, output, requests, rows, bytes, compute };
  for (const [flag, amount] of Object.entries(flags)) {
    if (amount !== undefined && !RATE.test(amount))
      throw new Fault('invalid_argument', 'bad_rate', `--${flag} is "${amount}"; it must be an amount such as 0.50, with at most six digits behind the point.`);
  }
  const rates = defined({ input_tokens: input, cached_tokens: cached, output_tokens: output, requests, rows, bytes, compute_ms: compute });
  return Object.keys(rates).length === 0 ? undefined : rates;
}

/** A flag's text that is one of these. @throws Fault that names them */
export function oneOf<const T extends string>(choices: readonly T[], flag: string): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Fault('invalid_argument', 'bad_choice', `${flag} is "${text}"; it must be one of ${choices.join(', ')}.`);
    return found;
  };
}

/** `a, b` → [a, b] */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
