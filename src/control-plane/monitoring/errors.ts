import { Fault, invalid } from '../../contract/errors.ts';

export const ruleNotFound = (id: string) => new Fault('not_found', 'alert_rule_not_found', `There is no alert rule "${id.slice(0, 80)}".`);
export const ruleExists = (name: string) => new Fault('conflict', 'alert_rule_exists', `There is an alert rule "${name}" already; remove it first, or choose another name.`);
export const tooManyRules = (max: number) => new Fault('conflict', 'too_many_alert_rules', `An organisation has at most ${max} alert rules; remove one first.`);
export const sloNotFound = (deployment: string) => new Fault('not_found', 'slo_not_found', `"${deployment.slice(0, 160)}" has no service level objective.`);
export const noWebhook = (name: string) => invalid(`The rule "${name}" has no webhook, so there is no secret to change.`, 'id', 'no_webhook');
