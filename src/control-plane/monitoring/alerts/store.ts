import type { Db } from '../../../db/open.ts';
import type { Schema } from '../../../db/schema.ts';
import type { Alert, Condition, Rule, Severity } from './model.ts';

export async function listRules(db: Db): Promise<Rule[]> {
  const rows = await db.selectFrom('alert_rules').selectAll().orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    name: row.name,
    deployment: row.deployment ?? undefined,
    metric: row.metric as Condition['metric'],
    qualityMetric: row.quality_metric ?? undefined,
    burnWindows: (row.burn_windows ?? undefined) as Condition['burnWindows'],
    comparison: row.comparison as Condition['comparison'],
    threshold: row.threshold,
    forSeconds: row.for_seconds,
    severity: row.severity as Severity,
    webhookUrl: row.webhook_url ?? undefined,
    secretVersion: row.secret_version,
    byOperator: row.by_operator === 1,
    createdAt: row.created_at,
  }));
}

/** A rule that is there is replaced. */
export async function putRule(db: Db, rule: Rule): Promise<void> {
  const row: Schema['alert_rules'] = {
    id: rule.id,
    org_id: rule.orgId,
    name: rule.name,
    deployment: rule.deployment ?? null,
    metric: rule.metric,
    quality_metric: rule.qualityMetric ?? null,
    burn_windows: rule.burnWindows ?? null,
    comparison: rule.comparison,
    threshold: rule.threshold,
    for_seconds: rule.forSeconds,
    severity: rule.severity,
    webhook_url: rule.webhookUrl ?? null,
    secret_version: rule.secretVersion,
    by_operator: rule.byOperator ? 1 : 0,
    created_at: rule.createdAt,
  };
  await db
    .insertInto('alert_rules')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

export async function deleteRule(db: Db, id: string): Promise<void> {
  await db.deleteFrom('alert_rules').where('id', '=', id).execute();
}

export async function putAlert(db: Db, alert: Alert): Promise<void> {
  const row: Schema['alerts'] = {
    id: alert.id,
    rule_id: alert.ruleId,
    org_id: alert.orgId,
    rule_name: alert.ruleName,
    deployment: alert.deployment,
    severity: alert.severity,
    state: alert.state,
    value: alert.value,
    reason: alert.reason,
    pending_at: alert.pendingAt,
    fired_at: alert.firedAt ?? null,
    resolved_at: alert.resolvedAt ?? null,
  };
  await db
    .insertInto('alerts')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

export interface AlertQuery {
  readonly orgId?: string | undefined;
  readonly states?: readonly Alert['state'][] | undefined;
  readonly deployment?: string | undefined;
}

/** The newest first. */
export async function listAlerts(db: Db, { orgId, states, deployment }: AlertQuery, rowsMax: number): Promise<Alert[]> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(states !== undefined, (query) => query.where('state', 'in', [...(states ?? [])]))
    .$if(deployment !== undefined, (query) => query.where('deployment', '=', deployment ?? ''))
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    ruleId: row.rule_id,
    orgId: row.org_id,
    ruleName: row.rule_name,
    deployment: row.deployment,
    severity: row.severity as Severity,
    state: row.state as Alert['state'],
    value: row.value,
    reason: row.reason,
    pendingAt: row.pending_at,
    firedAt: row.fired_at ?? undefined,
    resolvedAt: row.resolved_at ?? undefined,
  }));
}

/** Forgets resolved alerts but the newest. */
export async function trimAlerts(db: Db, kept: number): Promise<void> {
  const oldest = await db.selectFrom('alerts').select('id').orderBy('id', 'desc').offset(kept).limit(1).executeTakeFirst();
  if (oldest) await db.deleteFrom('alerts').where('id', '<=', oldest.id).where('state', '=', 'resolved').execute();
}
