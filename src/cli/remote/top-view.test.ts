import { expect, test } from 'vitest';
import { frame, History, sparkline } from './top-view.ts';

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
  const history = new History();
  history.add(SEEN);
  const text = frame(history.add(SEEN), 80);
  const lines = text.split('\n');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(/^acme.* 1\/1 .*3\.3 .*50% .*4\.2ms .*1\.2s .*120 .*2\+1 .*200M .*██$/);
  expect(lines[2]).toMatch(/^idle .*0\/0/);
  expect(lines.at(-1)).toContain('fails 50 %');
});

test('a curve’s highest value is a full bar, and nothing is the lowest', () => {
  expect(sparkline([0, 1, 2, 4])).toBe('▁▃▅█');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([])).toBe('');
});
