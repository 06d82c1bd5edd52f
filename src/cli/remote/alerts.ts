import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined, wholeOrZero } from './flags.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

type Metric = 'error_rate' | 'p99_ms' | 'first_byte_p99_ms' | 'saturation' | 'quality' | 'burn_rate';
type Severity = 'info' | 'warning' | 'critical';

interface AddFlags {
  readonly metric: Metric;
  readonly deployment?: string;
  readonly above?: number;
  readonly below?: number;
  readonly for: number;
  readonly severity: Severity;
  readonly qualityMetric?: string;
  readonly windows?: '1h/5m' | '6h/30m';
  readonly webhook?: string;
}

const EXAMPLES = `
Examples:
  modelyard alerts
  modelyard alerts add errors --metric error_rate --above 0.05 --for 60 --severity critical
  modelyard alerts add slow --metric p99_ms --above 2000 --for 300 --deployment smollm2-135m-instruct
  modelyard alerts add worse --metric quality --quality-metric accuracy --below 0.9
  modelyard alerts add burning --metric burn_rate --windows 1h/5m --above 14.4 --severity critical
  modelyard alerts add full --metric saturation --above 1 --for 60 --webhook https://example.com/hook
  modelyard alerts history --json
  modelyard alerts remove errors`;

/** `modelyard alerts …` */
export function addAlerts(program: Command): void {
  const alerts = program.command('alerts').description('rules that watch deployments, and what they have found').addHelpText('after', EXAMPLES);
  remoteOptions(alerts.command('list', { isDefault: true }))
    .description('list rules with what they find now')
    .action(withSession(list));
  remoteOptions(alerts.command('add'))
    .description('add a rule')
    .argument('<name>')
    .requiredOption('--metric <metric>', 'error_rate (0 to 1), p99_ms, first_byte_p99_ms, saturation (calls over slots), quality or burn_rate')
    .option('--deployment <name>', 'of one deployment; otherwise of each')
    .option('--above <number>', 'holds while the metric is above this', decimal)
    .option('--below <number>', 'holds while the metric is below this', decimal)
    .option('--for <seconds>', 'so long it must hold before the alert fires', wholeOrZero, 0)
    .option('--severity <severity>', 'info, warning or critical', 'warning')
    .option('--quality-metric <name>', 'of quality: the metric of the newest evaluation')
    .option('--windows <pair>', 'of burn_rate: 1h/5m (page above 14.4) or 6h/30m (above 6)')
    .option('--webhook <url>', 'told when the alert fires and when it is resolved')
    .addHelpText('after', EXAMPLES)
    .action(withSession(add));
  remoteOptions(alerts.command('remove')).description('remove a rule').argument('<name>', 'its name or id').action(withSession(remove));
  remoteOptions(alerts.command('history')).description('list alerts, the newest first').action(withSession(history));
  remoteOptions(alerts.command('deliveries')).description('list what was sent to webhooks, and how it went').action(withSession(deliveries));
}

async function list({ api, print, columns }: Session): Promise<void> {
  const [rules, pending, firing] = await Promise.all([
    api.get('/api/v1/alerts/rules'),
    api.get('/api/v1/alerts', { query: { state: 'pending', limit: 1_000 } }),
    api.get('/api/v1/alerts', { query: { state: 'firing', limit: 1_000 } }),
  ]);
  const open = [...firing.data, ...pending.data];
  print({ rules: rules.data, open }, ({ rules: all }) => {
    if (all.length === 0) return 'There are no alert rules; "modelyard alerts add --help" shows how to make one.';
    const found = (id: string) => {
      const count = (wanted: string) => open.filter(({ ruleId, state }) => ruleId === id && state === wanted).length;
      const parts = (['firing', 'pending'] as const).filter((state) => count(state) > 0).map((state) => `${count(state)} ${state}`);
      return parts.length === 0 ? 'ok' : parts.join(', ');
    };
    const rows = all.map((rule) => [
      rule.name,
      rule.deployment ?? 'each',
      `${rule.qualityMetric ?? rule.metric}${rule.burnWindows ? ` ${rule.burnWindows}` : ''} ${rule.comparison} ${rule.threshold}`,
      `${rule.forSeconds}s`,
      rule.severity,
      rule.webhook ? 'yes' : '',
      found(rule.id),
    ]);
    const reasons = firing.data.map((alert) => paint('red', `${alert.ruleName}: ${alert.deployment}: ${alert.reason}`));
    return [table(['RULE', 'DEPLOYMENT', 'CONDITION', 'FOR', 'SEVERITY', 'HOOK', 'NOW'], rows, columns), ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n');
  });
}

async function add({ api, print }: Session, name: string, flags: AddFlags): Promise<void> {
  const { metric, deployment, above, below, severity, qualityMetric, windows, webhook } = flags;
  const threshold = above ?? below;
  if (threshold === undefined || (above !== undefined && below !== undefined))
    throw new Fault('invalid_argument', 'bad_threshold', 'Say either --above or --below, with a number.');
  const comparison = above === undefined ? ('below' as const) : ('above' as const);
  const optional = defined({ deployment, qualityMetric, burnWindows: windows, webhook: webhook === undefined ? undefined : { url: webhook } });
  const made = await api.post('/api/v1/alerts/rules', { body: { name, metric, comparison, threshold, forSeconds: flags.for, severity, ...optional } });
  print(made, ({ rule, secret }) => {
    const text = `Watching: ${rule.qualityMetric ?? rule.metric} ${comparison} ${threshold} for ${rule.forSeconds} s, of ${rule.deployment ?? 'each deployment'}.`;
    return secret === undefined ? text : `${text}\nThe webhook's secret, by which its receiver knows that a message is ours; shown this once:\n${paint('bold', secret)}`;
  });
}

async function remove({ api, print }: Session, name: string): Promise<void> {
  const { data } = await api.get('/api/v1/alerts/rules');
  const named = data.filter((rule) => rule.id === name || rule.name === name);
  const [rule] = named;
  if (!rule) throw new Fault('not_found', 'alert_rule_not_found', `There is no alert rule "${name}".`);
  if (named.length > 1) throw new Fault('conflict', 'ambiguous', `${named.length} organisations have a rule "${name}"; give its id: ${named.map(({ id }) => id).join(', ')}.`);
  await api.delete('/api/v1/alerts/rules/{id}', { params: { id: rule.id } });
  print({ removed: rule.id }, () => `Removed ${rule.name}.`);
}

async function history({ api, print }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/alerts');
  print(data, (alerts) =>
    alerts.length === 0
      ? 'No rule has found anything yet.'
      : alerts
          .map(
            ({ pendingAt, state, ruleName, deployment, reason }) =>
              `${timeText(pendingAt)}  ${paint(COLOURS[state], state.padEnd(8))}  ${paint('bold', ruleName)}  ${deployment}\n${' '.repeat(18)}${reason}`,
          )
          .join('\n'),
  );
}

const COLOURS = { pending: 'yellow', firing: 'red', resolved: 'green' } as const;

async function deliveries({ api, print, columns }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/alerts/deliveries');
  print(data, (sent) =>
    table(
      ['WHEN', 'MESSAGE', 'STATE', 'TRIES', 'STATUS', 'PROBLEM'],
      sent.map((one) => [timeText(one.createdAt), one.id.slice(-8), one.state, one.attempts, one.httpStatus ?? '', one.problem]),
      columns,
    ),
  );
}

function decimal(text: string): number {
  const number = /^-?\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new Fault('invalid_argument', 'bad_number', `"${text}" is not a number.`);
  return number;
}
