import { expect, test } from 'vitest';
import { Meter } from './meter.ts';
import { HOUR_MS } from './model.ts';
import type { ReplicaHolding } from './ports.ts';

const NODE = { id: 'local', cores: 4, memoryBytes: 1_000, gpus: 0 };
const meter = () => new Meter((deployment) => `owner of ${deployment}`);
const replica = (id: string, startedAt: number, cpuSeconds: number | undefined): ReplicaHolding => ({
  id,
  deployment: 'one',
  startedAt,
  cores: 1,
  memoryBytes: 100,
  gpus: 0,
  used: cpuSeconds === undefined ? undefined : { cpuSeconds, memoryBytes: 150 },
});

test('a replica counts from its start, and its CPU seconds by their growth; another process begins at zero', () => {
  const seen = meter();
  seen.take({ at: 10_000, elapsedSeconds: 10, nodes: [NODE], replicas: [replica('a', 6_000, 3)], stored: [] });
  seen.take({ at: 20_000, elapsedSeconds: 10, nodes: [NODE], replicas: [replica('a', 6_000, 8)], stored: [] });
  seen.take({ at: 30_000, elapsedSeconds: 10, nodes: [NODE], replicas: [replica('b', 25_000, 2)], stored: [] });
  const { deployments, nodes } = seen.drain();
  expect(deployments).toMatchObject([
    { hour: 0, orgId: 'owner of one', replicaSeconds: 19, requestCoreSeconds: 19, usedCoreSeconds: 10, workloadByteSeconds: 19 * 150, requestByteSeconds: 1_900 },
  ]);
  expect(nodes).toEqual([{ hour: 0, node: 'local', upSeconds: 30, coreSeconds: 120, byteSeconds: 30_000, gpuSeconds: 0 }]);
  expect(seen.drain()).toEqual({ deployments: [], nodes: [] });
});

test('a sample that could not be measured counts as requested, and its CPU time comes with the next that could', () => {
  const seen = meter();
  seen.take({ at: 10_000, elapsedSeconds: 10, nodes: [], replicas: [replica('a', 0, 4)], stored: [] });
  seen.take({ at: 20_000, elapsedSeconds: 10, nodes: [], replicas: [replica('a', 0, undefined)], stored: [] });
  seen.take({ at: 30_000, elapsedSeconds: 10, nodes: [], replicas: [replica('a', 0, 9)], stored: [] });
  expect(seen.drain().deployments).toMatchObject([{ replicaSeconds: 30, measuredSeconds: 20, usedCoreSeconds: 9 }]);
});

test('a sample across the full hour is split where the hour turns', () => {
  const seen = meter();
  seen.take({ at: HOUR_MS + 4_000, elapsedSeconds: 10, nodes: [NODE], replicas: [replica('a', 0, 10)], stored: [{ deployment: 'one', bytes: 5 }] });
  const { deployments, nodes } = seen.drain();
  expect(deployments.map(({ hour, replicaSeconds, usedCoreSeconds, storedByteSeconds }) => [hour, replicaSeconds, usedCoreSeconds, storedByteSeconds])).toEqual([
    [0, 6, 6, 30],
    [HOUR_MS, 4, 4, 20],
  ]);
  expect(nodes.map(({ upSeconds }) => upSeconds)).toEqual([6, 4]);
});
