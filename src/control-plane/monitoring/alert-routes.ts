import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { type Alert, ALERT_METRICS, COMPARISONS, type Rule, SEVERITIES } from './alerts/model.ts';
import type { MadeRule, Rules } from './alerts/rules.ts';
import type { Alerts } from './alerts/service.ts';
import type { Viewer } from './service.ts';
import { BURN_WINDOWS } from './slo/model.ts';
import { ATTEMPTS_MAX, type Deliveries } from './webhooks/deliveries.ts';

const LIST_MAX = 1_000;
const LIST_DEFAULT = 100;
const DAY_SECONDS = 86_400;
const closed = { additionalProperties: false } as const;
const Time = Type.Integer({ minimum: 0, description: 'milliseconds since 1970' });
const Name = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9][a-z0-9._-]*$' });
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_MAX }));
const Condition = {
  metric: Type.Enum([...ALERT_METRICS], {
    description:
      'error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective',
  }),
  qualityMetric: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'of quality: which metric of the evaluation, such as accuracy' })),
  burnWindows: Type.Optional(Type.Enum([...BURN_WINDOWS], { description: 'of burn_rate: the long and the short window' })),
  comparison: Type.Enum([...COMPARISONS]),
  threshold: Type.Number({ minimum: -1e12, maximum: 1e12 }),
  forSeconds: Type.Integer({ minimum: 0, maximum: DAY_SECONDS, description: 'so long it must hold before the alert fires' }),
  severity: Type.Enum([...SEVERITIES]),
};
const Deployment = Type.String({ minLength: 1, maxLength: 160, description: 'of a rule: absent means each one that you see' });
const Webhook = Type.Object({ url: Type.String({ minLength: 1, maxLength: 2_048, description: 'https; private addresses only where egress.allow opens them' }) }, closed);
const Order = Type.Object({ name: Name, deployment: Type.Optional(Deployment), ...Condition, webhook: Type.Optional(Webhook) }, closed);
const RuleSchema = Type.Object({ id: Type.String(), name: Name, deployment: Type.Optional(Deployment), ...Condition, webhook: Type.Optional(Webhook), createdAt: Time });
const MadeSchema = Type.Object({ rule: RuleSchema, secret: Type.Optional(Type.String({ description: 'of the webhook (Standard Webhooks); shown this once' })) });
const AlertSchema = Type.Object({
  id: Type.String(),
  ruleId: Type.String(),
  ruleName: Type.String(),
  deployment: Type.String(),
  severity: Type.Enum([...SEVERITIES]),
  state: Type.Enum(['pending', 'firing', 'resolved']),
  value: Type.Number(),
  reason: Type.String(),
  pendingAt: Time,
  firedAt: Type.Optional(Time),
  resolvedAt: Type.Optional(Time),
});
const DeliverySchema = Type.Object({
  id: Type.String({ description: 'the webhook-id header: the same at each attempt' }),
  ruleId: Type.String(),
  alertId: Type.String(),
  state: Type.Enum(['waiting', 'delivered', 'failed']),
  attempts: Type.Integer({ minimum: 0, maximum: ATTEMPTS_MAX }),
  httpStatus: Type.Optional(Type.Integer()),
  problem: Type.String(),
  createdAt: Time,
  updatedAt: Time,
});
const IdParam = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const read = { scope: 'deployments.read' } as const;
const write = { scope: 'deployments.write' } as const;

/** The path of a receiver's URL is often its password: who may not change rules sees the origin only. */
function ruleView(rule: Rule, viewer: Viewer): Static<typeof RuleSchema> {
  const { id, name, deployment, metric, qualityMetric, burnWindows, comparison, threshold, forSeconds, severity, webhookUrl, createdAt } = rule;
  const url = webhookUrl === undefined || viewer.scopes.includes('deployments.write') ? webhookUrl : `${new URL(webhookUrl).origin}/…`;
  const optional = {
    ...(deployment !== undefined && { deployment }),
    ...(qualityMetric !== undefined && { qualityMetric }),
    ...(burnWindows && { burnWindows }),
    ...(url !== undefined && { webhook: { url } }),
  };
  return { id, name, metric, comparison, threshold, forSeconds, severity, createdAt, ...optional };
}

function madeView({ rule, secret }: MadeRule, viewer: Viewer): Static<typeof MadeSchema> {
  return { rule: ruleView(rule, viewer), ...(secret !== undefined && { secret }) };
}

function alertView({ orgId: _orgId, firedAt, resolvedAt, ...alert }: Alert): Static<typeof AlertSchema> {
  return { ...alert, ...(firedAt !== undefined && { firedAt }), ...(resolvedAt !== undefined && { resolvedAt }) };
}

export interface AlertRoutesOptions {
  readonly alerts: Alerts;
  readonly rules: Rules;
  readonly deliveries: Deliveries;
}

/** `/api/v1/alerts`, its rules and what was sent of them: the caller's own organisation's. */
export function alertRoutes({ alerts, rules, deliveries }: AlertRoutesOptions): FastifyPluginCallbackTypebox {
  return (app, _options, done) => {
    const State = Type.Enum(['pending', 'firing', 'resolved']);
    const Query = Type.Object({ state: Type.Optional(State), deployment: Type.Optional(Deployment), limit: Limit }, closed);
    app.get(
      '/alerts',
      { config: read, schema: { operationId: 'listAlerts', querystring: Query, response: { 200: Type.Object({ data: Type.Array(AlertSchema) }) } } },
      async ({ caller, query: { state, deployment, limit = LIST_DEFAULT } }) => ({
        data: (await alerts.list(caller, { deployment, ...(state && { states: [state] }) }, limit)).map(alertView),
      }),
    );
    const DeliveryQuery = Type.Object({ rule: Type.Optional(Type.String({ maxLength: 64 })), limit: Limit }, closed);
    app.get(
      '/alerts/deliveries',
      { config: read, schema: { operationId: 'listDeliveries', querystring: DeliveryQuery, response: { 200: Type.Object({ data: Type.Array(DeliverySchema) }) } } },
      async ({ caller, query: { rule, limit = LIST_DEFAULT } }) => {
        const list = await deliveries.list({ ruleId: rule, orgId: caller.scopes.includes('operator') ? undefined : caller.orgId }, limit);
        return { data: list.map(({ orgId: _orgId, body: _body, httpStatus, ...one }) => ({ ...one, ...(httpStatus !== undefined && { httpStatus }) })) };
      },
    );
    app.get('/alerts/rules', { config: read, schema: { operationId: 'listAlertRules', response: { 200: Type.Object({ data: Type.Array(RuleSchema) }) } } }, async ({ caller }) => ({
      data: rules.list(caller).map((rule) => ruleView(rule, caller)),
    }));
    app.post('/alerts/rules', { config: write, schema: { operationId: 'addAlertRule', body: Order, response: { 201: MadeSchema } } }, async ({ caller, body }, reply) =>
      reply.code(201).send(madeView(await rules.add(caller, body), caller)),
    );
    app.get('/alerts/rules/:id', { config: read, schema: { operationId: 'getAlertRule', params: IdParam, response: { 200: RuleSchema } } }, async ({ caller, params }) =>
      ruleView(rules.get(caller, params.id), caller),
    );
    app.put(
      '/alerts/rules/:id',
      { config: write, schema: { operationId: 'replaceAlertRule', params: IdParam, body: Order, response: { 200: MadeSchema } } },
      async ({ caller, params, body }) => madeView(await rules.replace(caller, params.id, body), caller),
    );
    app.post(
      '/alerts/rules/:id/secret',
      { config: write, schema: { operationId: 'renewAlertSecret', params: IdParam, response: { 200: MadeSchema } } },
      async ({ caller, params }) => madeView(await rules.renewSecret(caller, params.id), caller),
    );
    app.delete(
      '/alerts/rules/:id',
      { config: write, schema: { operationId: 'removeAlertRule', params: IdParam, response: { 204: Type.Null() } } },
      async ({ caller, params }, reply) => {
        await rules.remove(caller, params.id);
        return reply.code(204).send(null);
      },
    );
    done();
  };
}
