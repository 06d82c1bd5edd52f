import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { SpanQueue, SPANS_MAX } from './span-queue.ts';

/** An exporter of which each batch ends when the test says so. */
function start() {
  const clock = new FakeClock();
  const batches: { readonly size: number; end(code: 0 | 1): void }[] = [];
  const problems: unknown[] = [];
  const queue = new SpanQueue({
    clock,
    exporter: { export: (spans, end) => void batches.push({ size: spans.length, end: (code) => end({ code }) }), shutdown: () => Promise.resolve() },
    problem: (error) => problems.push(error),
  });
  return { clock, batches, problems, queue, add: (count: number) => Array.from({ length: count }, () => queue.onEnd({} as ReadableSpan)) };
}

test('spans wait for a second or for a whole batch, and go one batch at a time', async () => {
  const { clock, batches, queue, add } = start();
  add(3);
  expect(batches).toHaveLength(0);
  await clock.advance(1_000);
  expect(batches.map(({ size }) => size)).toEqual([3]);
  add(600);
  await clock.advance(5_000);
  expect(batches).toHaveLength(1);
  batches[0]?.end(0);
  expect(batches.map(({ size }) => size)).toEqual([3, 512]);
  batches[1]?.end(0);
  batches[2]?.end(0);
  expect(queue.counts).toEqual({ exported: 603, dropped: 0, failed: 0 });
});

test('a collector that does not answer costs spans, which are counted, and no more memory', async () => {
  const { clock, batches, problems, queue, add } = start();
  add(SPANS_MAX + 1_000);
  expect(queue.counts.dropped).toBe(1_000 - 512);
  batches[0]?.end(1);
  batches[1]?.end(1);
  expect(queue.counts.failed).toBe(1_024);
  // Told of once a minute.
  expect(problems).toHaveLength(1);
  const closed = queue.shutdown();
  await clock.advance(3_000);
  await closed;
  add(1);
  const { exported, dropped, failed } = queue.counts;
  expect(exported + dropped + failed + (batches[2]?.size ?? 0)).toBe(SPANS_MAX + 1_001);
});

test('what is left is sent when the server ends, also by an exporter that answers at once', async () => {
  const sizes: number[] = [];
  const clock = new FakeClock();
  const queue = new SpanQueue({
    clock,
    exporter: {
      export(spans, end) {
        sizes.push(spans.length);
        end({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    },
    problem: () => undefined,
  });
  for (let i = 0; i < 700; i++) queue.onEnd({} as ReadableSpan);
  await queue.shutdown();
  expect(sizes).toEqual([512, 188]);
  expect(queue.counts).toEqual({ exported: 700, dropped: 0, failed: 0 });
});
