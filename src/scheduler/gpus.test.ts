import { expect, test } from 'vitest';
import { listGpus } from './gpus.ts';

test('what nvidia-smi says of two GPUs, and of a line that is no GPU', async () => {
  const text = '0, NVIDIA H100 80GB HBM3, 81559, 1024, 550.54.15\n1, NVIDIA A10G, 23028, 0, 550.54.15\nNo devices were found\n';
  expect(await listGpus(() => Promise.resolve(text))).toEqual([
    { index: 0, name: 'NVIDIA H100 80GB HBM3', memoryBytes: 81_559 * 1_048_576, usedBytes: 1_024 * 1_048_576, driver: '550.54.15' },
    { index: 1, name: 'NVIDIA A10G', memoryBytes: 23_028 * 1_048_576, usedBytes: 0, driver: '550.54.15' },
  ]);
});

test('a machine without a driver has none', async () => {
  expect(await listGpus(() => Promise.reject(new Error('ENOENT')))).toEqual([]);
});
