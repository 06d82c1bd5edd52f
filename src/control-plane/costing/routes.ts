import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SHARING_RULES } from './formulas.ts';
import { COST_GROUPINGS, type CostFigures, type CostReport, type CostRow } from './model.ts';
import type { Costing } from './service.ts';

const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Count = Type.Integer({ minimum: 0 });
const Micros = Type.Integer({ minimum: 0, description: 'millionths of the currency' });
const MaybeMicros = (description: string) => Type.Union([Micros, Type.Null()], { description });
const MaybeNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const Figures = {
  cpuMicros: Micros,
  memoryMicros: Micros,
  gpuMicros: Micros,
  hardwareMicros: Micros,
  powerMicros: Micros,
  computeMicros: Type.Integer({ minimum: 0, description: 'cpu + memory + gpu, which is hardware + power' }),
  idleMicros: Type.Integer({ minimum: 0, description: 'share of what nobody used' }),
  maintenanceMicros: Micros,
  storageMicros: Micros,
  transferMicros: Micros,
  datasetsMicros: Micros,
  dataMicros: Type.Integer({ minimum: 0, description: 'storage + transfer + datasets' }),
  totalMicros: Type.Integer({ minimum: 0, description: 'compute + idle + maintenance + data' }),
  calls: Count,
  tokens: Count,
  perThousandCallsMicros: MaybeMicros('null without calls'),
  perMillionTokensMicros: MaybeMicros('null without tokens'),
  cpuUtilisation: MaybeNumber('CPU time used over CPU time paid for; null where it could not be measured'),
  memoryUtilisation: MaybeNumber('the same of memory'),
};
const Sold = Type.Object({
  per: Type.Enum(['thousand_calls', 'million_tokens']),
  priceMicros: Micros,
  marginMicros: Type.Union([Type.Integer(), Type.Null()], { description: 'price minus cost' }),
  marginShare: MaybeNumber('margin over price'),
  breakEvenUtilisation: MaybeNumber('above 1: it pays at no load'),
  warning: Type.Union([Type.String(), Type.Null()], { description: 'when the price is under the cost' }),
});
const Report = Type.Object({
  by: Type.Enum([...COST_GROUPINGS]),
  since: Time,
  until: Time,
  upSeconds: Type.Number({ description: 'for so long the server was up in that time; only this is counted' }),
  currency: Type.String(),
  idleRule: Type.Enum([...SHARING_RULES]),
  defaultRates: Type.Array(Type.String(), { description: 'rates that nobody has configured' }),
  data: Type.Array(Type.Object({ group: Type.String(), ...Figures, sold: Type.Union([Sold, Type.Null()], { description: 'null: no price' }) })),
  totals: Type.Object(Figures),
  assets: Type.Union(
    [
      Type.Object({
        costMicros: Micros,
        allocatedMicros: Micros,
        idleMicros: Type.Integer({ minimum: 0, description: 'allocated + idle = cost' }),
        unsharedIdleMicros: Type.Integer({ minimum: 0, description: 'part of idle that no row bears' }),
        unsharedMaintenanceMicros: Micros,
        cpuUtilisation: MaybeNumber('CPU time that engines used over what the machines had'),
        memoryUtilisation: MaybeNumber('the same of memory'),
      }),
      Type.Null(),
    ],
    { description: 'what all machines cost; operators only' },
  ),
});

function figures(of: CostFigures) {
  return {
    cpuMicros: Number(of.cpuMicros),
    memoryMicros: Number(of.memoryMicros),
    gpuMicros: Number(of.gpuMicros),
    hardwareMicros: Number(of.hardwareMicros),
    powerMicros: Number(of.powerMicros),
    computeMicros: Number(of.computeMicros),
    idleMicros: Number(of.idleMicros),
    maintenanceMicros: Number(of.maintenanceMicros),
    storageMicros: Number(of.storageMicros),
    transferMicros: Number(of.transferMicros),
    datasetsMicros: Number(of.datasetsMicros),
    dataMicros: Number(of.dataMicros),
    totalMicros: Number(of.totalMicros),
    calls: of.calls,
    tokens: of.tokens,
    perThousandCallsMicros: numberOrNull(of.perThousandCallsMicros),
    perMillionTokensMicros: numberOrNull(of.perMillionTokensMicros),
    cpuUtilisation: of.cpuUtilisation ?? null,
    memoryUtilisation: of.memoryUtilisation ?? null,
  };
}

function row({ group, sold, ...of }: CostRow) {
  return {
    group,
    ...figures(of),
    sold: sold
      ? {
          per: sold.price.per,
          priceMicros: Number(sold.price.micros),
          marginMicros: numberOrNull(sold.marginMicros),
          marginShare: sold.marginShare ?? null,
          breakEvenUtilisation: sold.breakEvenUtilisation ?? null,
          warning: sold.warning ?? null,
        }
      : null,
  };
}

function view({ rows, totals, assets, defaultRates, ...facts }: CostReport) {
  return {
    ...facts,
    defaultRates: [...defaultRates],
    data: rows.map(row),
    totals: figures(totals),
    assets: assets
      ? {
          costMicros: Number(assets.costMicros),
          allocatedMicros: Number(assets.allocatedMicros),
          idleMicros: Number(assets.idleMicros),
          unsharedIdleMicros: Number(assets.unsharedIdleMicros),
          unsharedMaintenanceMicros: Number(assets.unsharedMaintenanceMicros),
          cpuUtilisation: assets.cpuUtilisation ?? null,
          memoryUtilisation: assets.memoryUtilisation ?? null,
        }
      : null,
  };
}

function numberOrNull(micros: bigint | undefined): number | null {
  return micros === undefined ? null : Number(micros);
}

/** `/api/v1/costs` and `/api/v1/costs/rates` */
export function costRoutes(costing: Costing): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const Query = Type.Object({ by: Type.Optional(Type.Enum([...COST_GROUPINGS])), since: Type.Optional(Time), until: Type.Optional(Time) }, { additionalProperties: false });
    app.get(
      '/costs',
      { config: { scope: 'usage' }, schema: { operationId: 'sumCosts', querystring: Query, response: { 200: Report } } },
      async ({ caller, query: { by = 'model', since, until } }) => view(await costing.costs(caller, { by, since, until })),
    );
    const Rate = Type.Object({
      name: Type.String(),
      value: Type.Union([Type.Number(), Type.String()]),
      source: Type.Enum(['default', 'configured']),
      description: Type.String(),
    });
    app.get('/costs/rates', { config: { scope: 'operator' }, schema: { operationId: 'listRates', response: { 200: Type.Object({ data: Type.Array(Rate) }) } } }, async () => ({
      data: costing.rates().map((rate) => ({ ...rate })),
    }));
    done();
  };
}
