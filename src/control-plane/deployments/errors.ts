import { Fault } from '../../contract/errors.ts';

export const deploymentNotFound = (name: string) => new Fault('not_found', 'deployment_not_found', `There is no deployment "${name.slice(0, 160)}".`);
export const notYourName = (name: string) => new Fault('permission_denied', 'name_not_yours', `"${name}" is not a name of your organisation's.`);
export const notLoadable = (name: string, why: string) => new Fault('conflict', 'version_not_loadable', `${name} can not be loaded: ${why}.`);
export const gateNotMet = (name: string, why: string) => new Fault('conflict', 'gate_not_met', `${name} is not rolled out: ${why}`, { param: 'gates' });
export const nothingToRollBack = (name: string) => new Fault('conflict', 'nothing_to_roll_back', `"${name}" has had no rollout that could be taken back.`);
export const replicaNotFound = (name: string, replica: string) =>
  new Fault('not_found', 'replica_not_found', `"${name}" has no replica "${replica.slice(0, 160)}".`, { param: 'replica' });
export const loadFailed = (name: string, reason: string) => new Fault('unavailable', 'load_failed', `"${name}" could not be loaded: ${reason}`);
