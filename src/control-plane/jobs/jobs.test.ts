import { expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { Fault } from '../../contract/errors.ts';
import { openDatabase } from '../../db/open.ts';
import { Jobs, RUNNING_MAX } from './service.ts';

const ORDER = { orgId: 'org_a', kind: 'pull', input: { name: 'm' } };
const A = { orgId: 'org_a', scopes: [] };

async function setUp() {
  const db = await openDatabase(':memory:');
  const clock = new FakeClock();
  const failures: string[] = [];
  const jobs = new Jobs({ db, clock, failed: (_kind, fault) => failures.push(fault.code) });
  return { db, clock, jobs, failures, [Symbol.asyncDispose]: () => db.destroy() };
}

async function ended(jobs: Jobs, id: string) {
  for (;;) {
    const job = await jobs.get(A, id);
    if (job.state !== 'running') return job;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a job returns at once, shows its progress, and ends with its result', async () => {
  await using it = await setUp();
  const gate = Promise.withResolvers<void>();
  const job = await it.jobs.run(ORDER, async (report) => {
    report('half way');
    await gate.promise;
    return { version: 1 };
  });
  expect(job).toMatchObject({ state: 'running', orgId: 'org_a', input: { name: 'm' } });
  expect(await it.jobs.get(A, job.id)).toMatchObject({ state: 'running', progress: 'half way' });
  gate.resolve();
  expect(await ended(it.jobs, job.id)).toMatchObject({ state: 'done', result: { version: 1 }, error: undefined });
  expect((await it.jobs.list('org_a')).map(({ id }) => id)).toEqual([job.id]);
});

test('a failure is a code and a sentence; an unexpected one tells nothing', async () => {
  await using it = await setUp();
  const run = async (error: Error) =>
    ended(
      it.jobs,
      (
        await it.jobs.run(ORDER, async () => {
          throw error;
        })
      ).id,
    );
  expect(await run(new Fault('not_found', 'gone', 'It is gone.'))).toMatchObject({ state: 'failed', error: { code: 'gone', message: 'It is gone.' } });
  expect((await run(new Error('secret path'))).error).toEqual({ code: 'internal_error', message: expect.not.stringContaining('secret') as unknown });
  expect(it.failures).toEqual(['gone', 'internal_error']);
});

test('another organisation’s job does not exist; an operator sees it', async () => {
  await using it = await setUp();
  const { id } = await it.jobs.run(ORDER, async () => null);
  await expect(it.jobs.get({ orgId: 'org_b', scopes: [] }, id)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(it.jobs.get(A, 'job_none')).rejects.toMatchObject({ kind: 'not_found' });
  expect((await it.jobs.get({ orgId: 'org_b', scopes: ['operator'] }, id)).id).toBe(id);
  expect(await it.jobs.list('org_b')).toEqual([]);
});

test('at most so many run; one that ends makes room', async () => {
  await using it = await setUp();
  const gates = Array.from({ length: RUNNING_MAX }, () => Promise.withResolvers<void>());
  const jobs = await Promise.all(gates.map(({ promise }) => it.jobs.run(ORDER, () => promise)));
  await expect(it.jobs.run(ORDER, async () => null)).rejects.toMatchObject({ code: 'too_many_jobs' });
  gates[0]?.resolve();
  await ended(it.jobs, jobs[0]?.id ?? '');
  await new Promise((resolve) => setImmediate(resolve));
  await it.jobs.run(ORDER, async () => null);
  for (const gate of gates) gate.resolve();
  await it.jobs.close();
});

test('closing stops what runs; a restart finds the rest and fails it as interrupted', async () => {
  await using it = await setUp();
  const stoppable = await it.jobs.run(ORDER, (_report, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))));
  await it.jobs.close();
  expect(await it.jobs.get(A, stoppable.id)).toMatchObject({ state: 'failed', error: { code: 'interrupted' } });
  await expect(it.jobs.run(ORDER, async () => null)).rejects.toMatchObject({ code: 'shutting_down' });
  const before = new Jobs({ db: it.db, clock: it.clock });
  const gate = Promise.withResolvers<void>();
  const left = await before.run(ORDER, () => gate.promise);
  const after = new Jobs({ db: it.db, clock: it.clock });
  await after.recover();
  expect(await after.get(A, left.id)).toMatchObject({ state: 'failed', error: { code: 'interrupted' } });
  gate.resolve();
  await before.close();
  expect(await after.get(A, left.id)).toMatchObject({ state: 'failed' });
});

test('work of a resumable kind stays running over a stop, is left alone by the recovery, and goes on in the next process', async () => {
  await using it = await setUp();
  const steps: string[] = [];
  const counting = (jobs: Jobs, gate: Promise<void>) =>
    jobs.resumable('count', async ({ input }, report, signal) => {
      report(`from ${steps.length}`);
      steps.push(JSON.stringify(input));
      const aborted = new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      await Promise.race([gate, aborted]);
      return steps.length;
    });
  counting(it.jobs, Promise.withResolvers<void>().promise);
  const { id } = await it.jobs.start({ orgId: 'org_a', kind: 'count', input: { to: 2 } });
  await it.jobs.close();
  expect(await it.jobs.get(A, id)).toMatchObject({ state: 'running' });
  expect(it.failures).toEqual([]);
  const after = new Jobs({ db: it.db, clock: it.clock });
  counting(after, Promise.resolve());
  await after.recover();
  await after.resume();
  await after.resume();
  expect(await ended(after, id)).toMatchObject({ state: 'done', result: 2 });
  expect(steps).toEqual(['{"to":2}', '{"to":2}']);
  expect(() => after.start({ ...ORDER, kind: 'other' })).toThrow('not resumable');
});

test('a job is cancelled by its own organisation, also one that could go on, and then is over', async () => {
  await using it = await setUp();
  const hang = (signal: AbortSignal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  it.jobs.resumable('count', (_job, _report, signal) => hang(signal));
  const { id } = await it.jobs.start({ orgId: 'org_a', kind: 'count', input: null });
  await expect(it.jobs.cancel({ orgId: 'org_b', scopes: [] }, id)).rejects.toMatchObject({ kind: 'not_found' });
  expect(await it.jobs.cancel(A, id)).toMatchObject({ state: 'failed', error: { code: 'cancelled' } });
  await expect(it.jobs.cancel(A, id)).rejects.toMatchObject({ code: 'job_not_running' });
});

test('progress is written down now and then, so that it outlives the process', async () => {
  await using it = await setUp();
  const gate = Promise.withResolvers<void>();
  const { id } = await it.jobs.run(ORDER, async (report) => {
    report('one');
    await it.clock.advance(3_000);
    report('two');
    await gate.promise;
  });
  const written = async () => (await new Jobs({ db: it.db, clock: it.clock }).get(A, id)).progress;
  while ((await written()) !== 'two') await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await it.jobs.close();
});
