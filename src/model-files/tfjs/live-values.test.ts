import { expect, test } from 'vitest';
import { readLayersSignature } from './layers-signature.ts';

const layer = (class_name: string, config: object) => ({ class_name, config: { name: `${class_name}-${JSON.stringify(config)}`, ...config } });
const image = { batch_input_shape: [null, 8, 8, 2] };
const memoryOf = (...layers: readonly object[]) => readLayersSignature({ modelTopology: { class_name: 'Sequential', config: { name: 'm', layers } } }).memory;
const relu = (max?: number) => layer('ReLU', { max_value: max });
const named = (name: string, one: { class_name: string; config: object }) => ({ ...one, config: { ...one.config, name } });

/** Of what is alive, so much more for the gaps that runs before left. */
const GAPS = 1.25;

test('Q8: a chain of layers holds one input and one output at a time', () => {
  const values = 8 * 8 * 2;
  expect(memoryOf(named('a', layer('BatchNormalization', image))).values).toBe(2 * values * GAPS);
  expect(memoryOf(named('a', layer('BatchNormalization', image)), named('b', layer('BatchNormalization', {})), named('c', layer('BatchNormalization', {}))).values).toBe(
    2 * values * GAPS,
  );
});

test('Q8: a ReLU that cuts leaves its first step lying until the run ends', () => {
  const values = 8 * 8 * 2;
  const three = (max?: number) => memoryOf(named('a', layer('BatchNormalization', image)), named('b', relu(max)), named('c', relu(max)), named('d', relu(max))).values;
  expect(three(6) - three()).toBe(3 * values);
});

test('Q8: a convolution keeps a pointer for each place of its window; one of a single place none', () => {
  const convolution = (size: number) => memoryOf(layer('Conv2D', { filters: 4, kernel_size: [size, size], padding: 'same', strides: [1, 1], ...image }));
  expect(convolution(3)).toEqual({ values: (8 * 8 * 2 + 8 * 8 * 4) * GAPS, indexBytes: 8 * 8 * 9 * 4, layerCalls: 1 });
  expect(convolution(1).indexBytes).toBe(0);
});
