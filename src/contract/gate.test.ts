import { expect, test } from 'vitest';
import { checkGate, parseCondition } from './gate.ts';

test('a condition is a metric, an operator and a number', () => {
  expect(parseCondition('f1_macro>=0.85')).toEqual({ metric: 'f1_macro', operator: '>=', bound: 0.85 });
  expect(parseCondition(' failed <= 0 ')).toEqual({ metric: 'failed', operator: '<=', bound: 0 });
  expect(parseCondition('r2>-1.5e-3').bound).toBe(-0.0015);
  for (const text of ['f1_macro', 'f1_macro=0.8', '>=0.8', 'f1_macro>=', 'f1_macro>=high', 'a>=1;b', '']) expect(() => parseCondition(text), text).toThrow('is not a condition');
});

test('each operator holds where it should; what was not measured meets nothing', () => {
  const met = (condition: string) => checkGate([condition], { f1: 0.85, toString: undefined })[0]?.met;
  expect(['f1>=0.85', 'f1<=0.85', 'f1>0.85', 'f1<0.85', 'f1>0.84', 'f1<0.86'].map(met)).toEqual([true, true, false, false, true, true]);
  expect(['recall>=0', 'recall<=1', 'toString>=0', 'constructor<=1'].map(met)).toEqual([false, false, false, false]);
});
