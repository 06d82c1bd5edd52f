import type { Clock } from '../../../base/clock.ts';
import { newId } from '../../../base/ids.ts';
import { Mutex } from '../../../base/mutex.ts';
import { invalid } from '../../../contract/errors.ts';
import type { Db } from '../../../db/open.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { Deployments } from '../../deployments/index.ts';
import { noWebhook, ruleExists, ruleNotFound, tooManyRules } from '../errors.ts';
import type { Viewer } from '../service.ts';
import { BURN_WINDOWS, type BurnWindows } from '../slo/model.ts';
import { webhookSecret } from '../webhooks/signing.ts';
import type { Condition, Rule, Severity } from './model.ts';
import { deleteRule, listRules, putRule } from './store.ts';

const RULES_PER_ORG_MAX = 100;

export interface RuleOrder extends Omit<Condition, 'qualityMetric' | 'burnWindows'> {
  readonly name: string;
  readonly deployment?: string;
  readonly qualityMetric?: string;
  readonly burnWindows?: BurnWindows;
  readonly severity: Severity;
  readonly webhook?: { readonly url: string };
}

/** A rule, and its webhook's secret where it is new. */
export interface MadeRule {
  readonly rule: Rule;
  readonly secret: string | undefined;
}

export interface RulesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly egress: Egress;
  /** The home's own secret, of which webhooks' secrets are made. */
  readonly signingKey: Buffer;
}

/** The rules: few, so they are held in memory and written through. */
export class Rules {
  readonly #options: RulesOptions;
  readonly #turns = new Mutex();
  #rules: ReadonlyMap<string, Rule> = new Map();

  constructor(options: RulesOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    this.#rules = new Map((await listRules(this.#options.db)).map((rule) => [rule.id, rule]));
  }

  all(): readonly Rule[] {
    return [...this.#rules.values()];
  }

  list(viewer: Viewer): Rule[] {
    return this.all().filter(({ orgId }) => orgId === viewer.orgId || viewer.scopes.includes('operator'));
  }

  /** @throws Fault when there is none, or none that the viewer may see */
  get(viewer: Viewer, id: string): Rule {
    const rule = this.list(viewer).find((one) => one.id === id);
    if (!rule) throw ruleNotFound(id);
    return rule;
  }

  /** @throws Fault that says what of the order is not accepted, or why no request may go to its webhook */
  add(viewer: Viewer, order: RuleOrder): Promise<MadeRule> {
    return this.#turns.run(async () => {
      if (this.all().filter(({ orgId }) => orgId === viewer.orgId).length >= RULES_PER_ORG_MAX) throw tooManyRules(RULES_PER_ORG_MAX);
      const createdAt = this.#options.clock.now();
      const byOperator = viewer.scopes.includes('operator');
      const rule = await this.#checked(viewer, order, { id: newId('rule', createdAt), orgId: viewer.orgId, byOperator, secretVersion: 1, createdAt });
      await this.#put(rule);
      return { rule, secret: this.secretOf(rule) };
    });
  }

  /** Replaces all but the identity. A webhook that was there keeps its secret; one that is new gets one. */
  replace(viewer: Viewer, id: string, order: RuleOrder): Promise<MadeRule> {
    return this.#turns.run(async () => {
      const before = this.get(viewer, id);
      const rule = await this.#checked(viewer, order, { ...before, byOperator: viewer.scopes.includes('operator') });
      await this.#put(rule);
      return { rule, secret: before.webhookUrl === undefined ? this.secretOf(rule) : undefined };
    });
  }

  /** A new secret from now on. @throws Fault when the rule has no webhook */
  renewSecret(viewer: Viewer, id: string): Promise<MadeRule> {
    return this.#turns.run(async () => {
      const before = this.get(viewer, id);
      if (before.webhookUrl === undefined) throw noWebhook(before.name);
      const rule = { ...before, secretVersion: before.secretVersion + 1 };
      await this.#put(rule);
      return { rule, secret: this.secretOf(rule) };
    });
  }

  remove(viewer: Viewer, id: string): Promise<void> {
    return this.#turns.run(async () => {
      this.get(viewer, id);
      await deleteRule(this.#options.db, id);
      this.#rules = new Map([...this.#rules].filter(([known]) => known !== id));
    });
  }

  /** Which rule a delivery is of; undefined when it is gone, or has no webhook any more. */
  byId(id: string): Rule | undefined {
    return this.#rules.get(id);
  }

  secretOf({ id, secretVersion, webhookUrl }: Rule): string | undefined {
    return webhookUrl === undefined ? undefined : webhookSecret(this.#options.signingKey, `${id}:${secretVersion}`);
  }

  async #checked(viewer: Viewer, order: RuleOrder, identity: Pick<Rule, 'id' | 'orgId' | 'byOperator' | 'secretVersion' | 'createdAt'>): Promise<Rule> {
    const { name, deployment, metric, qualityMetric, burnWindows, comparison, threshold, forSeconds, severity, webhook } = order;
    if (this.all().some((other) => other.orgId === identity.orgId && other.name === name && other.id !== identity.id)) throw ruleExists(name);
    if (deployment !== undefined) this.#options.deployments.get(viewer, deployment);
    if ((metric === 'quality') !== (qualityMetric !== undefined))
      throw invalid('"qualityMetric" goes with the metric "quality", and only with it; for example "accuracy".', 'qualityMetric');
    if ((metric === 'burn_rate') !== (burnWindows !== undefined))
      throw invalid(`"burnWindows" goes with the metric "burn_rate", and only with it: ${BURN_WINDOWS.join(' or ')}.`, 'burnWindows');
    if (metric === 'error_rate' && threshold > 1) throw invalid(`"threshold" is ${threshold}; an error rate is a share from 0 to 1.`, 'threshold');
    if (webhook) await this.#options.egress.check(webhook.url, identity.byOperator ? 'operator' : 'tenant');
    return { ...identity, name, deployment, metric, qualityMetric, burnWindows, comparison, threshold, forSeconds, severity, webhookUrl: webhook?.url };
  }

  async #put(rule: Rule): Promise<void> {
    await putRule(this.#options.db, rule);
    this.#rules = new Map([...this.#rules, [rule.id, rule]]);
  }
}
