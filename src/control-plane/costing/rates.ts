import { type Static, Type } from 'typebox';
import { invalid } from '../../contract/errors.ts';
import { SHARING_RULES, type SharingRule } from './formulas.ts';

const AMOUNT_MAX = 1e12;
const DATASETS_MAX = 1_000;
const closed = { additionalProperties: false } as const;

/** A rate that may be left out; `standard` is what it then is. The description is short: it ends a line of `modelyard cost --rates`. Where defaults are from is in docs/guides/costing.md. */
const rate = (standard: number, description: string, bounds: { readonly minimum?: number; readonly maximum?: number } = {}) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: AMOUNT_MAX, ...bounds, default: standard, description }));

const Section = {
  hardware: Type.Object(
    {
      price: rate(2_000, 'of this machine'),
      lifetimeYears: rate(4, 'until it is written off', { minimum: 0.1, maximum: 100 }),
      residualShare: rate(0, 'of price, at the end', { maximum: 1 }),
      interestPerYear: rate(0.05, 'on capital tied up', { maximum: 1 }),
      supportPerYear: rate(0, 'service contracts'),
      spacePerYear: rate(0, 'rent of its place'),
    },
    closed,
  ),
  power: Type.Object(
    {
      idleKilowatts: rate(0.05, 'when idle'),
      fullKilowatts: rate(0.2, 'with every core busy'),
      pue: rate(1.5, 'site over machines', { minimum: 1, maximum: 10 }),
      pricePerKilowattHour: rate(0.15, 'of electricity'),
    },
    closed,
  ),
  listPrices: Type.Object(
    {
      cpuCoreHour: rate(0.031611, 'only the ratio matters'),
      memoryGibHour: rate(0.004237, 'only the ratio matters'),
      gpuHour: rate(0.95, 'only the ratio matters'),
    },
    closed,
  ),
  data: Type.Object(
    {
      storagePerGibMonth: rate(0.04, 'of deployed files'),
      transferPerGib: rate(0, 'requests and answers'),
    },
    closed,
  ),
  maintenance: Type.Object(
    {
      hoursPerMonth: rate(0, 'that people spend'),
      hourlyRate: rate(0, "of people's hours"),
      licencesPerMonth: rate(0, 'for all of it'),
    },
    closed,
  ),
};

const Dataset = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200 }), deployment: Type.String({ minLength: 1, maxLength: 160 }), perMonth: Type.Number({ minimum: 0, maximum: AMOUNT_MAX }) },
  closed,
);

/** The section `costing` of the operator's file. What is left out has its documented default, and is told as one. */
export const CostingSection = Type.Object(
  {
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    idle: Type.Optional(Type.Enum([...SHARING_RULES])),
    hardware: Type.Optional(Section.hardware),
    power: Type.Optional(Section.power),
    listPrices: Type.Optional(Section.listPrices),
    data: Type.Optional(Section.data),
    maintenance: Type.Optional(Section.maintenance),
    datasets: Type.Optional(Type.Array(Dataset, { maxItems: DATASETS_MAX })),
  },
  closed,
);
export type CostingSection = Static<typeof CostingSection>;

const CURRENCY_DEFAULT = 'USD';
const IDLE_DEFAULT: SharingRule = 'proportional';

/** Every rate, as it is in force. */
export type Rates = { readonly [Name in keyof typeof Section]: Readonly<Required<Static<(typeof Section)[Name]>>> } & {
  readonly currency: string;
  /** How idle cost and maintenance are shared. */
  readonly idle: SharingRule;
  readonly datasets: readonly Static<typeof Dataset>[];
};

/** A rate as people are shown it. */
export interface RateInForce {
  /** Its place in the section: `hardware.price`. */
  readonly name: string;
  readonly value: number | string;
  readonly source: 'default' | 'configured';
  readonly description: string;
}

export interface RatesInForce {
  readonly rates: Rates;
  readonly list: readonly RateInForce[];
}

/** Fills in what the operator's file leaves out. @throws Fault when two rates contradict each other */
export function resolveRates(section: CostingSection = {}): RatesInForce {
  const list: RateInForce[] = [
    { name: 'currency', value: section.currency ?? CURRENCY_DEFAULT, source: sourceOf(section.currency), description: 'of every amount' },
    { name: 'idle', value: section.idle ?? IDLE_DEFAULT, source: sourceOf(section.idle), description: 'sharing of idle cost' },
  ];
  const groups = Object.entries(Section).map(([group, { properties }]) => {
    const given: Readonly<Record<string, number>> = section[group as keyof typeof Section] ?? {};
    const values = Object.entries(properties as unknown as Readonly<Record<string, { readonly default: number; readonly description: string }>>).map(
      ([name, { default: standard, description }]) => {
        const value = given[name] ?? standard;
        list.push({ name: `${group}.${name}`, value, source: sourceOf(given[name]), description });
        return [name, value] as const;
      },
    );
    return [group, Object.fromEntries(values)] as const;
  });
  const { datasets = [], currency = CURRENCY_DEFAULT, idle = IDLE_DEFAULT } = section;
  for (const { name, deployment, perMonth } of datasets) list.push({ name: `datasets.${name}`, value: perMonth, source: 'configured', description: `a month, for ${deployment}` });
  const rates = { ...Object.fromEntries(groups), currency, idle, datasets } as unknown as Rates;
  const { idleKilowatts, fullKilowatts } = rates.power;
  if (fullKilowatts < idleKilowatts) {
    throw invalid(
      `"costing.power.fullKilowatts" is ${fullKilowatts}; it must be at least "costing.power.idleKilowatts", which is ${idleKilowatts}.`,
      'costing.power.fullKilowatts',
    );
  }
  return { rates, list };
}

function sourceOf(given: unknown): RateInForce['source'] {
  return given === undefined ? 'default' : 'configured';
}
