import { expect, test } from 'vitest';
import { curveOf, sparkline } from './sparkline.ts';
import { frame } from './top-view.ts';

const FIGURES = {
  deployment: 'acme/a-model-with-a-long-name',
  callsPerSecond: 3.25,
  failedShare: 0.5,
  p50Ms: 4.2,
  p99Ms: 1_234,
  firstByteP50Ms: 1,
  tokensPerSecond: 120,
  waiting: 2,
  running: 1,
};
const SEEN = {
  figures: [FIGURES],
  deployments: [
    { name: 'idle', revisions: [{ state: 'idle', replicas: [] }] },
    { name: FIGURES.deployment, revisions: [{ state: 'ready', replicas: [{ state: 'ready', memoryBytes: 1, usage: { memoryBytes: 200 * 1_048_576, cpuSeconds: 1 } }] }] },
  ],
};

test('a picture fits 80 columns, the busiest first, and says what fails', () => {
  const text = frame(SEEN, 80, new Map([[FIGURES.deployment, [3.25, 0]]]));
  const lines = text.split('\n');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(/^acme.* 1\/1 .*3\.3 .*50% .*4\.2ms .*1\.2s .*120 .*2\+1 .*200M .*█▁█$/);
  expect(lines[2]).toMatch(/^idle .*0\/0/);
  expect(lines.at(-1)).toContain('fails 50 %');
});

test('a curve’s highest value is a full bar, and nothing is the lowest', () => {
  expect(sparkline([0, 1, 2, 4])).toBe('▁▃▅█');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([])).toBe('');
});

test('without a terminal there are no curves', () => {
  expect(frame(SEEN, 80)).not.toMatch(/[▁▂▃▄▅▆▇█]/);
});

test('a curve has a place for each step, empty ones too, and joins neighbours when there are too many', () => {
  const span = { since: 1_000, until: 6_000, stepMs: 1_000, pointsMax: 10 };
  const points = [
    { start: 2_000, value: 3 },
    { start: 5_000, value: 1 },
    { start: 9_000, value: 7 },
  ];
  expect(curveOf(points, span)).toEqual([0, 3, 0, 0, 1]);
  expect(curveOf(points, { ...span, pointsMax: 2 })).toEqual([3, 1]);
});
