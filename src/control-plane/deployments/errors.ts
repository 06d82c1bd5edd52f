import { Fault } from '../../contract/errors.ts';

export const deploymentNotFound = (name: string) => new Fault('not_found', 'deployment_not_found', `There is no deployment "${name.slice(0, 160)}".`);
export const notYourName = (name: string) => new Fault('permission_denied', 'name_not_yours', `"${name}" is not a name of your organisation's.`);
export const loadFailed = (name: string, reason: string) => new Fault('unavailable', 'load_failed', `"${name}" could not be loaded: ${reason}`);
