import { Fault } from '../../contract/errors.ts';

export const jobNotFound = (id: string) => new Fault('not_found', 'job_not_found', `There is no job "${id.slice(0, 64)}" in this organisation.`);
export const tooManyJobs = (max: number) => new Fault('rate_limited', 'too_many_jobs', `${max} jobs are running already; try again when one of them has ended.`);
export const cancelled = () => new Fault('cancelled', 'cancelled', 'The job was cancelled.');
export const notRunning = (id: string) => new Fault('conflict', 'job_not_running', `The job "${id.slice(0, 64)}" does not run (any more).`);
export const closing = () => new Fault('unavailable', 'shutting_down', 'Modelyard is shutting down and starts no more jobs.');
