import { Fault } from '../../contract/errors.ts';

export const jobNotFound = (id: string) => new Fault('not_found', 'job_not_found', `There is no job "${id.slice(0, 64)}" in this organisation.`);
export const tooManyJobs = (max: number) => new Fault('rate_limited', 'too_many_jobs', `${max} jobs are running already; try again when one of them has ended.`);
export const closing = () => new Fault('unavailable', 'shutting_down', 'Modelyard is shutting down and starts no more jobs.');
