import { expect, test } from 'vitest';
import { FakeClock } from '../../../../tests/fake-clock.ts';
import type { GatewayAnswer } from '../ports.ts';
import type { NumberedAnswer } from '../run-store.ts';
import type { Plan } from './plan.ts';
import { Runner } from './runner.ts';

const ok = (text: string): GatewayAnswer => ({ status: 200, body: Buffer.from(JSON.stringify({ text })), revision: 'rev_1', retryAfterSeconds: undefined, durationMs: 5 });
const refused = (status: number, retryAfterSeconds?: number): GatewayAnswer => ({
  status,
  body: Buffer.from(JSON.stringify({ error: { code: 'refused', message: 'No.' } })),
  revision: undefined,
  retryAfterSeconds,
  durationMs: 1,
});
const PLAN: Plan = {
  request: ({ line }) => ({ path: String(line), headers: {}, body: Buffer.alloc(0) }),
  read: (answer) => answer as { text: string },
};

/** A fake of the gateway that answers as told, on a clock that is driven. */
function fakeGateway(answer: (line: number, attempt: number, signal: AbortSignal) => GatewayAnswer | Promise<GatewayAnswer>) {
  const clock = new FakeClock();
  const calls: { line: number; at: number }[] = [];
  const kept: NumberedAnswer[] = [];
  let atOnce = 0;
  const seen = { atOnceMax: 0 };
  const runner = (examples: number, more: { concurrency?: number; failuresMax?: number; before?: NumberedAnswer[] } = {}) =>
    new Runner(
      {
        clock,
        session: {
          target: () => ({ task: 'chat', signature: undefined, revisions: [] }),
          async call(_reference, { path }, signal) {
            const line = Number(path);
            calls.push({ line, at: clock.monotonic() });
            seen.atOnceMax = Math.max(seen.atOnceMax, ++atOnce);
            const answered = await answer(line, calls.filter((call) => call.line === line).length, signal);
            atOnce--;
            return answered;
          },
          [Symbol.dispose]: () => undefined,
        },
        reference: 'm',
        plan: PLAN,
        rows: Array.from({ length: examples }, (_, index) => ({ line: index + 1, fields: {} })),
        concurrency: more.concurrency ?? 2,
        failuresMax: more.failuresMax ?? 0,
        keep: async (answers) => void kept.push(...answers),
        progressed: () => undefined,
      },
      more.before ?? [],
    );
  return { clock, calls, kept, seen, runner };
}

test('a refusal that passes is waited out as it asks; what is not passing fails the example at once', async () => {
  const it = fakeGateway((line, attempt) => (line === 1 && attempt < 3 ? refused(429, 7) : line === 2 ? refused(400) : ok('x')));
  const run = it.runner(3, { failuresMax: 1 }).run(new AbortController().signal);
  const state = { done: false };
  void run.then(() => (state.done = true));
  while (!state.done) await it.clock.advance(500);
  const answers = await run;
  const first = it.calls.filter(({ line }) => line === 1).map(({ at }) => at);
  expect(first).toHaveLength(3);
  expect((first[1] ?? 0) - (first[0] ?? 0)).toBeGreaterThanOrEqual(7_000);
  expect(it.calls.filter(({ line }) => line === 2)).toHaveLength(1);
  expect(answers.get(1)).toMatchObject({ failed: { code: 'refused', message: 'No.' } });
  expect(answers.get(0)).toMatchObject({ prediction: { text: 'x' }, revision: 'rev_1' });
});

test('at most so many calls at once, each example once, none that has an answer', async () => {
  const it = fakeGateway(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return ok('x');
  });
  const before = [{ index: 4, answer: { prediction: { text: 'kept' }, ms: 1, revision: 'r', promptTokens: 0, completionTokens: 0 } }];
  const answers = await it.runner(50, { concurrency: 3, before }).run(new AbortController().signal);
  expect(it.seen.atOnceMax).toBe(3);
  expect(it.calls.map(({ line }) => line).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1).filter((line) => line !== 5));
  expect([answers.size, it.kept.length]).toEqual([50, 49]);
});

test('too many failures end the run early; a key or model that is gone ends it at once', async () => {
  const failing = fakeGateway(() => refused(400));
  await expect(failing.runner(1_000, { concurrency: 1, failuresMax: 2 }).run(new AbortController().signal)).rejects.toMatchObject({ code: 'too_many_failures' });
  expect(failing.calls).toHaveLength(3);
  const gone = fakeGateway(() => refused(404));
  await expect(gone.runner(1_000, { concurrency: 1, failuresMax: 1_000 }).run(new AbortController().signal)).rejects.toMatchObject({ kind: 'not_found' });
  expect([gone.calls.length, gone.kept.length]).toEqual([1, 0]);
});

test('a stop lets calls under way end and keeps their answers; what hangs beyond the grace is cut and says nothing', async () => {
  const gate = Promise.withResolvers<void>();
  const it = fakeGateway(async (line, _attempt, signal) => {
    if (line === 1) await gate.promise;
    else await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    return line === 1 ? ok('late') : refused(499);
  });
  const stop = new AbortController();
  const run = it.runner(100).run(stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('stopping'));
  gate.resolve();
  const state = { done: false };
  const end = run.catch((error: Error) => {
    state.done = true;
    return error.message;
  });
  while (!state.done) await it.clock.advance(1_000);
  expect(await end).toBe('stopping');
  expect(it.calls).toHaveLength(2);
  expect(it.kept).toMatchObject([{ index: 0, answer: { prediction: { text: 'late' } } }]);
});
