import sharp, { type OutputInfo } from 'sharp';
import { invalid } from '../../contract/errors.ts';
import type { Options } from './step.ts';
import { fp32, pixelsOf, type ItemStep, type Pixels, type StackStep } from './step.ts';

const PIXELS_DEFAULT = 25_000_000;
const PIXELS_MAX = 100_000_000;
const SIDE_MAX = 16_384;
/** Of all images of a call, in the model's input. */
const STACK_VALUES_MAX = 64 << 20;
/** SVG and PDF are programs of a kind; these are only pictures. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif']);

/** `decodeImage` {channels: RGB | BGR, pixelsMax}: an encoded picture, turned upright, on white, as values 0 … 255. */
export function decodeImage(options: Options): ItemStep {
  const order = options.choice('channels', ['RGB', 'BGR']);
  const limitInputPixels = options.count('pixelsMax', { min: 1, max: PIXELS_MAX, otherwise: PIXELS_DEFAULT });
  return async (item) => {
    if (item.kind !== 'bytes') throw options.fail('its place', 'before every step for pixels');
    const { data, info } = await decoded(item.bytes, limitInputPixels);
    const values = Float32Array.from(data);
    if (order === 'BGR') swapRedAndBlue(values);
    return { kind: 'pixels', height: info.height, width: info.width, channels: 3, values };
  };
}

async function decoded(bytes: Uint8Array, limitInputPixels: number): Promise<{ data: Buffer; info: OutputInfo }> {
  try {
    // Only the header is read here; the limit holds where pixels are decoded.
    const { format, width, height } = await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
    if (!FORMATS.has(format)) throw invalid(`The image is ${format}; PNG, JPEG, WebP and GIF are accepted.`, 'image', 'unsupported_image');
    if (width * height > limitInputPixels) throw invalid(`The image has ${width} × ${height} pixels; at most ${limitInputPixels} are accepted.`, 'image', 'image_too_large');
    const image = sharp(bytes, { limitInputPixels, failOn: 'error', pages: 1 });
    return await image.autoOrient().flatten({ background: 'white' }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  } catch (error) {
    if (error instanceof Error && error.name === 'Fault') throw error;
    throw invalid(`The image can't be read as PNG, JPEG, WebP or GIF of at most ${limitInputPixels} pixels.`, 'image', 'invalid_image');
  }
}

function swapRedAndBlue(values: Float32Array): void {
  for (let at = 0; at < values.length; at += 3) {
    const red = values[at]!;
    values[at] = values[at + 2]!;
    values[at + 2] = red;
  }
}

/** `resize` {height, widthMax}: to that height, keeping the ratio (the width rounded up) up to widthMax; bilinear between pixel centres, as OpenCV's INTER_LINEAR. */
export function resize(options: Options): ItemStep {
  const height = options.count('height', { min: 1, max: SIDE_MAX });
  const widthMax = options.count('widthMax', { min: 1, max: SIDE_MAX });
  return (item) => {
    const pixels = pixelsOf(item);
    return bilinear(pixels, height, Math.min(widthMax, Math.max(1, Math.ceil((height * pixels.width) / pixels.height))));
  };
}

interface Taps {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

function taps(from: number, to: number): readonly Taps[] {
  return Array.from({ length: to }, (_, index) => {
    const position = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), weight: position - low };
  });
}

function bilinear({ height: fromHeight, width: fromWidth, channels, values }: Pixels, height: number, width: number): Pixels {
  const columns = taps(fromWidth, width);
  const result = new Float32Array(height * width * channels);
  let at = 0;
  for (const row of taps(fromHeight, height)) {
    const top = row.low * fromWidth * channels;
    const bottom = row.high * fromWidth * channels;
    for (const { low, high, weight } of columns) {
      for (let channel = 0; channel < channels; channel += 1) {
        const left = low * channels + channel;
        const right = high * channels + channel;
        const above = values[top + left]! * (1 - weight) + values[top + right]! * weight;
        const below = values[bottom + left]! * (1 - weight) + values[bottom + right]! * weight;
        result[at] = above * (1 - row.weight) + below * row.weight;
        at += 1;
      }
    }
  }
  return { kind: 'pixels', height, width, channels, values: result };
}

/** `normalise` {scale, mean, std}: (value · scale − mean) / std, mean and std once or per channel. */
export function normalise(options: Options): ItemStep {
  const scale = options.number('scale', 1);
  const mean = options.perChannel('mean', 0);
  const std = options.perChannel('std', 1);
  if (std.includes(0)) throw options.fail('std', 'numbers other than 0');
  return (item) => {
    const pixels = pixelsOf(item);
    const values = pixels.values.map((value, index) => {
      const channel = index % pixels.channels;
      return (value * scale - (mean[channel] ?? mean[0]!)) / (std[channel] ?? std[0]!);
    });
    return { ...pixels, values };
  };
}

/** `padWidth` {width, value}: at least that wide; what is added on the right has the value. */
export function padWidth(options: Options): ItemStep {
  const width = options.count('width', { min: 1, max: SIDE_MAX });
  const value = options.number('value', 0);
  return (item) => {
    const pixels = pixelsOf(item);
    return pixels.width >= width ? pixels : padded(pixels, width, value);
  };
}

function padded({ height, width: from, channels, values }: Pixels, width: number, value: number): Pixels {
  const result = new Float32Array(height * width * channels).fill(value);
  for (let row = 0; row < height; row += 1) result.set(values.subarray(row * from * channels, (row + 1) * from * channels), row * width * channels);
  return { kind: 'pixels', height, width, channels, values: result };
}

/** `layout` {to: NCHW | NHWC, output, value}: the images as one tensor; narrower ones are padded on the right with the value. */
export function layout(options: Options): StackStep {
  const to = options.choice('to', ['NCHW', 'NHWC']);
  const output = options.text('output');
  const value = options.number('value', 0);
  return (items) => {
    const images = items.map(pixelsOf);
    const { height, channels } = images[0] ?? { height: 0, channels: 3 };
    if (images.some((image) => image.height !== height)) throw options.fail('its place', "after 'resize', which gives all images one height");
    const width = Math.max(0, ...images.map((image) => image.width));
    if (images.length * height * width * channels > STACK_VALUES_MAX) throw invalid(`The images together are larger than ${STACK_VALUES_MAX} values; send fewer at once.`, 'image');
    const result = new Float32Array(images.length * height * width * channels);
    images.forEach((image, index) => place(result, padTo(image, width, value), { to, index }));
    return fp32(output, to === 'NCHW' ? [images.length, channels, height, width] : [images.length, height, width, channels], result);
  };
}

function padTo(image: Pixels, width: number, value: number): Pixels {
  return image.width === width ? image : padded(image, width, value);
}

function place(result: Float32Array, { values, channels }: Pixels, { to, index }: { readonly to: 'NCHW' | 'NHWC'; readonly index: number }): void {
  const start = index * values.length;
  if (to === 'NHWC') return result.set(values, start);
  const plane = values.length / channels;
  for (let pixel = 0; pixel < plane; pixel += 1) {
    for (let channel = 0; channel < channels; channel += 1) result[start + channel * plane + pixel] = values[pixel * channels + channel]!;
  }
}
