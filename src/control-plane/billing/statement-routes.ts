import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Clock } from '../../base/clock.ts';
import { formatMicros } from '../../base/money.ts';
import { invalid } from '../../contract/errors.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { notYours, operatorOnly } from './errors.ts';
import type { Organisations } from './ports.ts';
import { type Figures, LINE_KINDS, STATEMENT_KINDS, type StatementKind, type StatementLine } from './statement-model.ts';
import type { Statements } from './statements.ts';

export interface StatementRoutesOptions {
  readonly statements: Statements;
  readonly organisations: Organisations;
  readonly clock: Clock;
  readonly currency: string;
}

const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'milliseconds since 1970' });
const Amount = Type.String({ description: 'a decimal number of the currency; what was taken is negative' });
const Count = Type.Integer({ minimum: 0 });
const Calls = Type.Object({
  deployment: Type.String(),
  calls: Count,
  inputTokens: Count,
  cachedTokens: Count,
  outputTokens: Count,
  rows: Count,
  gross: Type.String({ description: 'charged' }),
});
const Line = Type.Object({ kind: Type.Enum([...LINE_KINDS]), amount: Amount, of: Type.Union([Calls, Type.Null()], { description: 'of charges and earnings' }) });
const Account = Type.Object({ account: Type.String(), opening: Amount, change: Amount, closing: Amount });
const Statement = Type.Object({
  kind: Type.Enum([...STATEMENT_KINDS]),
  org: Type.Union([Type.String(), Type.Null()]),
  from: Time,
  to: Time,
  currency: Type.String(),
  opening: Amount,
  lines: Type.Array(Line, { description: 'opening + lines = closing' }),
  closing: Amount,
  held: Type.String({ description: 'of closing: held by leases of gateways' }),
  owed: Type.String({ description: 'used beyond credit, up to the end' }),
  accounts: Type.Array(Account, { description: "of the platform's statement: they add up to 0" }),
  foots: Type.Boolean({ description: 'the lines add up to closing, and closing is what the balances say, to the unit' }),
});

function lineView({ kind, amountMicros, of }: StatementLine) {
  if (!of) return { kind, amount: formatMicros(amountMicros), of: null };
  const { deployment, calls, inputTokens, cachedTokens, outputTokens, rows, chargedMicros } = of;
  return { kind, amount: formatMicros(amountMicros), of: { deployment, calls, inputTokens, cachedTokens, outputTokens, rows, gross: formatMicros(chargedMicros) } };
}

function view(figures: Figures) {
  return {
    opening: formatMicros(figures.openingMicros),
    lines: figures.lines.map(lineView),
    closing: formatMicros(figures.closingMicros),
    held: formatMicros(figures.heldMicros),
    owed: formatMicros(figures.owedMicros),
    accounts: figures.accounts.map(({ account, openingMicros, changeMicros, closingMicros }) => ({
      account,
      opening: formatMicros(openingMicros),
      change: formatMicros(changeMicros),
      closing: formatMicros(closingMicros),
    })),
    foots: figures.foots,
  };
}

/** Whose statement it is: the caller's own organisation's, unless an operator names another. */
async function subject(caller: CallerEntry, { kind, org }: { kind: StatementKind; org?: string }, organisations: Organisations): Promise<{ id: string; name: string | null }> {
  const isOperator = caller.scopes.includes('operator');
  if (kind === 'platform' && !isOperator) throw operatorOnly('The statement of the platform is for operators.');
  if (kind === 'platform') return { id: '', name: null };
  if (org === undefined || org === caller.orgName) return { id: caller.orgId, name: caller.orgName };
  if (!isOperator) throw notYours(org);
  return organisations.byName(org);
}

/** `/api/v1/statements` */
export function statementRoutes({ statements, organisations, clock, currency }: StatementRoutesOptions): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const Query = Type.Object(
      {
        kind: Type.Optional(Type.Enum([...STATEMENT_KINDS])),
        org: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'another organisation; operators only' })),
        from: Type.Optional(Time),
        to: Type.Optional(Time),
      },
      { additionalProperties: false },
    );
    app.get(
      '/statements',
      { config: { scope: 'usage' }, schema: { operationId: 'getStatement', querystring: Query, response: { 200: Statement } } },
      async ({ caller, query: { kind = 'consumer', org, from = monthStart(clock.now()), to = clock.now() + 1 } }) => {
        if (from >= to) throw invalid('"from" must be before "to".', 'from');
        const { id: orgId, name } = await subject(caller, { kind, ...(org !== undefined && { org }) }, organisations);
        return { kind, org: name, from, to, currency, ...view(await statements.of({ kind, orgId, from, to })) };
      },
    );
    done();
  };
}

/** Of the month in UTC. */
function monthStart(now: number): number {
  const at = new Date(now);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}
