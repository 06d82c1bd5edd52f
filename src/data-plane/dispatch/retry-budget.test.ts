import { expect, test } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

test('S6: of many calls that all fail, a fifth and a small reserve are tried again', () => {
  const budget = new RetryBudget();
  let retries = 0;
  for (let call = 0; call < 1_000; call++) {
    budget.deposit();
    for (let attempt = 2; attempt <= 3; attempt++) if (budget.withdraw()) retries++;
  }
  expect(retries).toBeGreaterThanOrEqual(200);
  expect(retries).toBeLessThanOrEqual(210);
});
