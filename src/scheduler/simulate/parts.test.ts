import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arrival, generate, PATTERNS, spread } from './arrivals.ts';
import { EventHeap } from './event-heap.ts';
import { Random, Zipf } from './random.ts';
import { readTrace } from './trace.ts';

test('events come in the order of their times, those of one moment in the order in which they were pushed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const heap = new EventHeap();
      const seen: (readonly [number, number])[] = [];
      for (const [index, at] of times.entries()) heap.push({ at, happen: () => seen.push([at, index]) });
      for (let event = heap.pop(); event; event = heap.pop()) event.happen();
      expect(seen).toEqual(times.map((at, index) => [at, index] as const).toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
      expect(heap.nextAt).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

describe('arrivals', () => {
  test.each(PATTERNS)('%s: in order, and at the mean rate', (pattern) => {
    const arrivals = [...generate({ pattern, rate: 50, minutes: 60 }, 10, 3)];
    expect(arrivals.every(({ atMs }, index) => atMs >= (arrivals[index - 1]?.atMs ?? 0))).toBe(true);
    expect(arrivals.length / 3_600).toBeGreaterThan(40);
    expect(arrivals.length / 3_600).toBeLessThan(60);
  });

  test('bursts are bursts: calls a second spread further around their mean than without', () => {
    const dispersion = (pattern: (typeof PATTERNS)[number]) => {
      const counts = Array.from({ length: 600 }, () => 0);
      for (const { atMs } of generate({ pattern, rate: 50, minutes: 10 }, 10, 3)) counts[Math.floor(atMs / 1_000)]! += 1;
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
    };
    expect(dispersion('poisson')).toBeLessThan(1.5);
    expect(dispersion('bursty')).toBeGreaterThan(5);
  });

  test('popularity follows Zipf', () => {
    const zipf = new Zipf(100, 1);
    const random = new Random(1);
    const counts = Array.from({ length: 100 }, () => 0);
    for (let draw = 0; draw < 100_000; draw++) counts[zipf.rank(random)]! += 1;
    expect((counts[0] ?? 0) / (counts[1] ?? 1)).toBeCloseTo(2, 0);
    expect((counts[0] ?? 0) / (counts[9] ?? 1)).toBeGreaterThan(8);
    expect((counts[0] ?? 0) / (counts[9] ?? 1)).toBeLessThan(12);
  });

  test('a trace is spread over the deployments, the same for the same seed', () => {
    const requests = Array.from({ length: 50 }, (_, index) => ({ atMs: index, contextTokens: 1, generatedTokens: 1 }));
    const deployments = (seed: number): number[] => [...spread(requests, 5, seed)].map(({ deployment }: Arrival) => deployment);
    expect(deployments(1)).toEqual(deployments(1));
    expect(deployments(1)).not.toEqual(deployments(2));
    expect(new Set(deployments(1)).size).toBe(5);
  });
});

describe('a trace', () => {
  const header = 'TIMESTAMP,ContextTokens,GeneratedTokens';
  const read = (...lines: string[]) => readTrace(lines, 'x.csv', 1);

  test('of 2023 and of 2024', async () => {
    expect(await read(header, '2023-11-16 18:15:46.6805900,374,44\r', '2023-11-16 18:15:50.9951690,396,109')).toEqual([
      { atMs: 0, contextTokens: 374, generatedTokens: 44 },
      { atMs: expect.closeTo(4_314.579, 2), contextTokens: 396, generatedTokens: 109 },
    ]);
    expect(await read(`\uFEFF${header}`, '2024-05-10 00:00:00.009930+00:00,2162,5', '', '2024-05-10 00:00:01+00:00,1,0')).toMatchObject([{ atMs: 0 }, { generatedTokens: 0 }]);
  });

  test('what comes after the minutes is not read; rows out of order are put in order', async () => {
    expect(await read(header, '2023-11-16 18:15:00,1,1', '2023-11-16 18:16:00,2,2', 'nonsense')).toHaveLength(1);
    const rows = await read(header, '2023-11-16 18:15:01,1,1', '2023-11-16 18:15:00,2,2');
    expect(rows.map(({ atMs, contextTokens }) => [atMs, contextTokens])).toEqual([
      [0, 2],
      [1_000, 1],
    ]);
  });

  test.each([
    ['another header', ['time,in,out'], 'x.csv, line 1 is "time,in,out"'],
    ['a field too few', [header, '2023-11-16 18:15:46,1'], 'x.csv, line 2 has 2 fields'],
    ['no moment', [header, '2023-11-16 18:15:46,1,1', 'yesterday,1,1'], 'x.csv, line 3: "yesterday" is no moment'],
    ['a day that is not', [header, '2023-06-31 18:15:46,1,1'], 'x.csv, line 2: "2023-06-31 18:15:46" is no moment'],
    ['a negative number', [header, '2023-11-16 18:15:46,-1,1'], 'x.csv, line 2: "-1" is no number of tokens'],
    ['a fraction', [header, '2023-11-16 18:15:46,1,1.5'], 'x.csv, line 2: "1.5" is no number of tokens'],
    ['no rows', [header], 'x.csv has no rows'],
  ])('%s is refused with its line', async (_, lines, message) => {
    await expect(read(...lines)).rejects.toThrow(message);
  });
});
