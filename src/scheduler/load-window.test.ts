import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoadWindow } from './load-window.ts';

const mean = (samples: readonly number[], seconds: number) => samples.slice(-seconds).reduce((sum, value) => sum + value, 0) / seconds;

test('means are over the last 60 and 6 seconds, however long it goes on', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ waiting: fc.nat(9), running: fc.nat(9) }), { minLength: 1, maxLength: 150 }), (seconds) => {
      const window = new LoadWindow();
      for (const [second, counts] of seconds.entries()) {
        window.sample([{ revision: 'r', ...counts, waitingSince: undefined, lastCallAt: undefined }], second * 1_000);
        const seen = seconds.slice(0, second + 1).map(({ waiting, running }) => waiting + running);
        expect(window.loads().get('r')).toMatchObject({ ...counts, stableConcurrency: mean(seen, 60), panicConcurrency: mean(seen, 6) });
      }
    }),
  );
});

test('a call that runs counts as the last one until it ends, also for a look between two seconds; what is not reported is forgotten', () => {
  const window = new LoadWindow();
  const report = { revision: 'r', waiting: 0, running: 1, waitingSince: undefined, lastCallAt: 500 };
  window.sample([report], 60_000);
  window.look([{ ...report, running: 0 }]);
  expect(window.loads().get('r')?.lastCallAt).toBe(60_000);
  window.look([]);
  expect(window.loads().size).toBe(0);
});
