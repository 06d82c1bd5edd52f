import { expect, test } from 'vitest';
import { METRICS } from './index.ts';

test('Q6: every metric has a version, a direction and a range for reports to pin', () => {
  for (const { version, range } of Object.values(METRICS)) {
    expect(version).toBe(1);
    expect(range[0]).toBeLessThan(range[1]);
  }
  expect(METRICS.accuracy.higherIsBetter).toBe(true);
  expect(METRICS.log_loss.higherIsBetter).toBe(false);
  expect(Object.keys(METRICS)).toHaveLength(50);
});
