import type { Clock } from '../../../base/clock.ts';
import { newId } from '../../../base/ids.ts';
import type { Db } from '../../../db/open.ts';
import type { Deployments, DeploymentView } from '../../deployments/index.ts';
import type { LiveFigures } from '../ports.ts';
import type { Viewer } from '../service.ts';
import type { Slos } from '../slo/service.ts';
import type { Deliveries } from '../webhooks/deliveries.ts';
import { type Alert, holds, lowered, raised, reasonOf, type Rule, type Sample, valueOf } from './model.ts';
import type { Quality } from './quality.ts';
import type { Rules } from './rules.ts';
import { type AlertQuery, listAlerts, putAlert, trimAlerts } from './store.ts';

const EVALUATE_MS = 5_000;
/** After a start nothing is known of the calls of before; so long this alone ends no alert. */
const SETTLING_MS = 60_000;
/** Alerts that are pending or firing at once, all organisations together. */
const OPEN_MAX = 10_000;
const ALERTS_KEPT = 10_000;
const TRIM_EVERY = 100;

export interface AlertEvent {
  readonly orgId: string;
  readonly deployment: string;
  readonly state: string;
  readonly reason: string;
}

export interface AlertsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly live: LiveFigures;
  readonly rules: Rules;
  readonly quality: Quality;
  readonly deliveries: Deliveries;
  readonly slos: Pick<Slos, 'burns'>;
  /** Keeps it among the events. */
  record(event: AlertEvent): void;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

/** Looks at every rule each few seconds: pending → firing → resolved. */
export class Alerts {
  readonly #options: AlertsOptions;
  /** Those that are pending or firing, by rule and deployment. */
  readonly #open = new Map<string, Alert>();
  #cancelTick: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;
  #startedAt = 0;
  #made = 0;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Takes up the alerts that were open when the server stopped, and begins to look. */
  async start(): Promise<void> {
    this.#startedAt = this.#options.clock.monotonic();
    await this.#options.rules.load();
    for (const alert of await listAlerts(this.#options.db, { states: ['pending', 'firing'] }, OPEN_MAX)) this.#open.set(keyOf(alert.ruleId, alert.deployment), alert);
    await this.#options.deliveries.load();
    this.#tickLater();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTick();
    await this.#running;
    await this.#options.deliveries.close();
  }

  /** The newest first. */
  list(viewer: Viewer, query: Omit<AlertQuery, 'orgId'>, rowsMax: number): Promise<Alert[]> {
    return listAlerts(this.#options.db, { ...query, orgId: viewer.scopes.includes('operator') ? undefined : viewer.orgId }, rowsMax);
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.clock.timer(EVALUATE_MS, () => {
      this.#running = this.#evaluate()
        .catch((error: unknown) => this.#options.problem(error))
        .finally(() => {
          if (!this.#closed) this.#tickLater();
        });
    });
  }

  async #evaluate(): Promise<void> {
    const seen = new Set<string>();
    const rules = this.#options.rules.all();
    const samples = rules.length > 0 ? this.#samples() : new Map<string, Sample>();
    const lists = new Map<string, readonly DeploymentView[]>();
    for (const rule of rules) {
      const viewer: Viewer = { orgId: rule.orgId, orgName: '', scopes: rule.byOperator ? ['operator'] : [] };
      const whose = rule.byOperator ? '' : rule.orgId;
      const deployments = lists.get(whose) ?? this.#options.deployments.list(viewer);
      lists.set(whose, deployments);
      for (const deployment of deployments) {
        if (rule.deployment !== undefined && rule.deployment !== deployment.name) continue;
        const sample = samples.get(deployment.name);
        if (!sample) continue;
        seen.add(keyOf(rule.id, deployment.name));
        await this.#look(rule, sample, await this.#qualityOf(rule, viewer, deployment));
      }
    }
    for (const [key, alert] of this.#open)
      if (!seen.has(key)) await this.#change(this.#options.rules.byId(alert.ruleId), lowered(alert, 'the rule or the deployment is gone', this.#options.clock.now()));
  }

  #samples(): Map<string, Sample> {
    const figures = new Map(this.#options.live.now().map((of) => [of.deployment, of]));
    const all: Viewer = { orgId: '', orgName: '', scopes: ['operator'] };
    return new Map(
      this.#options.deployments.list(all).map(({ name, health }) => {
        const replicas = Object.values(health).flatMap((of) => of.replicas);
        const slots = replicas.reduce((sum, { state, slots: own }) => sum + (state === 'ready' ? own : 0), 0);
        const { callsPerSecond = 0, failedShare = 0, p99Ms = 0, firstByteP99Ms = 0, waiting = 0, running = 0 } = figures.get(name) ?? {};
        return [name, { deployment: name, callsPerSecond, failedShare, p99Ms, firstByteP99Ms, waiting, running, slots, burns: this.#options.slos.burns(name) }];
      }),
    );
  }

  async #qualityOf({ metric, qualityMetric }: Rule, viewer: Viewer, deployment: DeploymentView): Promise<number | undefined> {
    return metric === 'quality' ? this.#options.quality.of(viewer, deployment, qualityMetric ?? '') : undefined;
  }

  async #look(rule: Rule, sample: Sample, quality: number | undefined): Promise<void> {
    const now = this.#options.clock.now();
    const key = keyOf(rule.id, sample.deployment);
    const value = valueOf(rule, sample, quality);
    const open = this.#open.get(key);
    if (value === undefined && open && this.#options.clock.monotonic() - this.#startedAt < SETTLING_MS) return;
    if (!holds(rule, value)) {
      if (open) await this.#change(rule, lowered(open, value === undefined ? 'nothing was measured any more' : reasonOf(rule, value, true), now));
      return;
    }
    if (!open && this.#open.size >= OPEN_MAX) return;
    const begun: Alert = open ?? pendingOf(rule, sample.deployment, value, now);
    const next = raised(begun, rule, value, now);
    if (next !== open) await this.#change(rule, next);
  }

  /** Keeps the alert, tells of it, and has it sent: what fires, and the end of what fired. */
  async #change(rule: Rule | undefined, alert: Alert): Promise<void> {
    const { db, record, deliveries } = this.#options;
    const key = keyOf(alert.ruleId, alert.deployment);
    if (alert.state === 'resolved') this.#open.delete(key);
    else this.#open.set(key, alert);
    record({ orgId: alert.orgId, deployment: alert.deployment, state: `alert ${alert.state}`, reason: `${alert.ruleName}: ${alert.reason}` });
    await putAlert(db, alert);
    if (++this.#made % TRIM_EVERY === 0) await trimAlerts(db, ALERTS_KEPT);
    if (rule?.webhookUrl === undefined || alert.firedAt === undefined) return;
    await deliveries.add({ orgId: alert.orgId, ruleId: rule.id, alertId: alert.id, body: messageOf(rule, alert) });
  }
}

function keyOf(ruleId: string, deployment: string): string {
  return `${ruleId} ${deployment}`;
}

function pendingOf(rule: Rule, deployment: string, value: number, now: number): Alert {
  const { id: ruleId, orgId, name: ruleName, severity } = rule;
  const reason = reasonOf(rule, value);
  return { id: newId('alert', now), ruleId, orgId, ruleName, deployment, severity, state: 'pending', value, reason, pendingAt: now, firedAt: undefined, resolvedAt: undefined };
}

/** What a receiver is told: field by field, so that nothing gets in that is not meant for it. */
function messageOf(rule: Rule, alert: Alert): string {
  const { metric, qualityMetric, burnWindows, comparison, threshold, forSeconds } = rule;
  const { id, ruleName, deployment, severity, state, value, reason, pendingAt, firedAt, resolvedAt } = alert;
  const at = resolvedAt ?? firedAt ?? pendingAt;
  return JSON.stringify({
    type: `alert.${state}`,
    timestamp: new Date(at).toISOString(),
    data: { alert: id, rule: ruleName, deployment, severity, metric, qualityMetric, burnWindows, comparison, threshold, forSeconds, value, reason, pendingAt, firedAt, resolvedAt },
  });
}
