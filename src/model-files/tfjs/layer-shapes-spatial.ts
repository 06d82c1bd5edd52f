import type { Layer, Shape } from './layer-config.ts';

/** Layers over one to three spatial dimensions: convolutions, pooling, padding. */
type Rule = (layer: Layer, input: Shape) => Shape;

interface Place {
  readonly spatial: Shape;
  readonly channels: number;
  /** The output's shape, its dimensions in the input's order. */
  put(spatial: Shape, channels: number): Shape;
}

const RANKS = [1, 2, 3] as const;

export const CONVOLUTIONS: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(RANKS.map((rank) => [`Conv${rank}D`, convolution(rank)])),
  ...Object.fromEntries(RANKS.flatMap((rank) => [`Max`, `Average`].map((kind) => [`${kind}Pooling${rank}D`, pooling(rank)]))),
  ...Object.fromEntries(([1, 2] as const).flatMap((rank) => [`Max`, `Average`].map((kind) => [`Global${kind}Pooling${rank}D`, globalPooling(rank)]))),
  ...Object.fromEntries(([2, 3] as const).map((rank) => [`Conv${rank}DTranspose`, transposed(rank)])),
  SeparableConv2D: convolution(2),
  DepthwiseConv2D: depthwise,
  UpSampling2D: (layer, input) => {
    const { spatial, channels, put } = placeOf(layer, input, 2);
    const factors = layer.sizes('size', 2, [2, 2]);
    return put(
      spatial.map((size, index) => (size === -1 ? -1 : size * (factors[index] ?? 1))),
      channels,
    );
  },
  ZeroPadding2D: (layer, input) => margined(layer, input, 1),
  Cropping2D: (layer, input) => margined(layer, input, -1),
};

function placeOf(layer: Layer, input: Shape, rank: number): Place {
  if (input.length !== rank + 2) throw layer.fail(`its input must have ${rank + 2} dimensions, not ${input.length}`);
  const isFirst = layer.word('data_format', ['channels_last', 'channels_first']) === 'channels_first';
  const [rows = -1] = input;
  return {
    spatial: isFirst ? input.slice(2) : input.slice(1, -1),
    channels: input.at(isFirst ? 1 : -1) ?? -1,
    put: (spatial, channels) => (isFirst ? [rows, channels, ...spatial] : [rows, ...spatial, channels]),
  };
}

interface Window {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/** How many places a window takes: `convOutputLength` of TF.js. */
function places(layer: Layer, length: number, { size, stride, dilation }: Window): number {
  if (length === -1) return -1;
  const isValid = layer.word('padding', ['valid', 'same']) === 'valid';
  return Math.ceil((isValid ? length - (size + (size - 1) * (dilation - 1)) + 1 : length) / stride);
}

function windowed(layer: Layer, { spatial }: Place, { size, stride, dilation }: Readonly<Record<keyof Window, readonly number[]>>): Shape {
  return spatial.map((length, index) => {
    const found = places(layer, length, { size: size[index] ?? 1, stride: stride[index] ?? 1, dilation: dilation[index] ?? 1 });
    if (length !== -1 && found < 1) throw layer.fail(`its window is larger than its input, [${spatial.join(',')}]`);
    return found;
  });
}

function kernelOf(layer: Layer, rank: number): Readonly<Record<keyof Window, readonly number[]>> {
  const ones = Array.from({ length: rank }, () => 1);
  return { size: layer.sizes('kernel_size', rank), stride: layer.sizes('strides', rank, ones), dilation: layer.sizes('dilation_rate', rank, ones) };
}

function convolution(rank: number): Rule {
  return (layer, input) => {
    const place = placeOf(layer, input, rank);
    return place.put(windowed(layer, place, kernelOf(layer, rank)), layer.whole('filters'));
  };
}

function depthwise(layer: Layer, input: Shape): Shape {
  const place = placeOf(layer, input, 2);
  const multiplier = layer.has('depth_multiplier') ? layer.whole('depth_multiplier') : 1;
  return place.put(windowed(layer, place, kernelOf(layer, 2)), place.channels === -1 ? -1 : place.channels * multiplier);
}

/** `deconvLength` of TF.js. */
function transposed(rank: number): Rule {
  return (layer, input) => {
    const { spatial, put } = placeOf(layer, input, rank);
    const { size, stride } = kernelOf(layer, rank);
    const isSame = layer.word('padding', ['valid', 'same']) === 'same';
    const lengths = spatial.map((length, index) => {
      const [window = 1, step = 1] = [size[index], stride[index]];
      return length === -1 ? -1 : length * step + (isSame ? 0 : Math.max(window - step, 0));
    });
    return put(lengths, layer.whole('filters'));
  };
}

function pooling(rank: number): Rule {
  return (layer, input) => {
    const place = placeOf(layer, input, rank);
    const size = layer.sizes('pool_size', rank);
    return place.put(windowed(layer, place, { size, stride: layer.sizes('strides', rank, size), dilation: size.map(() => 1) }), place.channels);
  };
}

function globalPooling(rank: number): Rule {
  return (layer, input) => [input[0] ?? -1, placeOf(layer, input, rank).channels];
}

function margined(layer: Layer, input: Shape, sign: 1 | -1): Shape {
  const { spatial, channels, put } = placeOf(layer, input, 2);
  const margins = layer.margins(sign === 1 ? 'padding' : 'cropping', 2);
  return put(
    spatial.map((length, index) => (length === -1 ? -1 : length + sign * (margins[index] ?? 0))),
    channels,
  );
}
