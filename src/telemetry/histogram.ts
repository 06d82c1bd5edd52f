/**
 * Durations counted in buckets that grow with the value: eight to an octave, so that a quantile is never told too low, and at most an eighth too high, from 2^-10 s
 * (about 1 ms) to 2^10 s; what is beyond falls into the first or the last. Counting one is a few instructions and makes no garbage.
 * Source: the log-linear layout of HdrHistogram (Tene).
 */
const STEPS = 8;
const OCTAVE_MIN = -10;
const OCTAVES = 20;
const BUCKETS = OCTAVES * STEPS;

export class DurationHistogram {
  readonly #counts = new Uint32Array(BUCKETS + 1);
  count = 0;
  sumSeconds = 0;

  observe(seconds: number): void {
    this.#counts[bucketOf(seconds)]! += 1;
    this.count += 1;
    this.sumSeconds += seconds;
  }

  /** The value below which the fraction `q` of all lies, seconds: its bucket's upper bound. 0 when nothing was counted. */
  quantile(q: number): number {
    let left = Math.ceil(q * this.count);
    if (left <= 0) return 0;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return upperBound(bucket);
    }
    return upperBound(BUCKETS);
  }

  /** How many were at most 2^-10, 2^-9 … 2^10 s, as Prometheus wants it: each bound, seconds, with all counts up to it. */
  *cumulative(): Generator<readonly [bound: number, count: number]> {
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      sum += this.#counts[bucket] ?? 0;
      if (bucket % STEPS === 0) yield [upperBound(bucket), sum];
    }
    yield [Number.POSITIVE_INFINITY, this.count];
  }

  /** How many were longer than `seconds`. One in the bucket that `seconds` lies in counts as longer, so the answer is never too low. */
  countAbove(seconds: number): number {
    let sum = 0;
    for (const [bucket, count] of this.#counts.entries()) if (count > 0 && (bucket === BUCKETS || upperBound(bucket) > seconds)) sum += count;
    return sum;
  }

  /** What was counted since `before`, which is an earlier copy of this one. */
  since(before: DurationHistogram): DurationHistogram {
    const left = new DurationHistogram();
    for (const [bucket, count] of this.#counts.entries()) left.#counts[bucket] = count - (before.#counts[bucket] ?? 0);
    left.count = this.count - before.count;
    left.sumSeconds = Math.max(0, this.sumSeconds - before.sumSeconds);
    return left;
  }

  /** `SUM BUCKET:COUNT …` of the buckets that are not empty, the two in base 36: a hundred bytes, not seven hundred. */
  toText(): string {
    const parts = [String(Number(this.sumSeconds.toPrecision(12)))];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) parts.push(`${bucket.toString(36)}:${count.toString(36)}`);
    return parts.join(' ');
  }

  /** The reverse of `toText`. What is not of its form counts nothing. Read digit by digit: a week of a deployment is ten thousand of these. */
  static fromText(text: string): DurationHistogram {
    const histogram = new DurationHistogram();
    let at = text.indexOf(' ');
    histogram.sumSeconds = Number(at < 0 ? text : text.slice(0, at)) || 0;
    while (at >= 0) {
      const end = text.indexOf(' ', at + 1);
      const colon = text.indexOf(':', at + 1);
      const stop = end < 0 ? text.length : end;
      if (colon > at && colon < stop) histogram.#add(base36(text, at + 1, colon), base36(text, colon + 1, stop));
      at = end;
    }
    return histogram;
  }

  #add(bucket: number, count: number): void {
    if (!(bucket >= 0 && bucket <= BUCKETS && count > 0)) return;
    this.#counts[bucket]! += count;
    this.count += count;
  }

  /** Adds another's counts to these. */
  merge(other: DurationHistogram): void {
    for (let bucket = 0; bucket <= BUCKETS; bucket++) this.#counts[bucket]! += other.#counts[bucket]!;
    this.count += other.count;
    this.sumSeconds += other.sumSeconds;
  }
}

/** Bucket 0 ends at 2^-10 s; bucket b at the b-th of eight equal steps of its octave. */
function bucketOf(seconds: number): number {
  const scaled = seconds * 2 ** -OCTAVE_MIN;
  if (!(scaled > 1)) return 0;
  const octave = 31 - Math.clz32(Math.min(Math.ceil(scaled) - 1, 0x7fff_ffff));
  const step = Math.ceil((scaled / 2 ** octave - 1) * STEPS);
  return Math.min(octave * STEPS + Math.max(step, 1), BUCKETS);
}

function upperBound(bucket: number): number {
  const octave = Math.floor((bucket - 1) / STEPS);
  return bucket === 0 ? 2 ** OCTAVE_MIN : 2 ** (OCTAVE_MIN + octave) * (1 + (bucket - octave * STEPS) / STEPS);
}

const DIGIT_0 = 48;
const DIGIT_A = 97;

/** A number in base 36 at a place of a text; NaN when there is none. */
function base36(text: string, from: number, to: number): number {
  let value = from < to ? 0 : Number.NaN;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    const digit = code >= DIGIT_A ? code - DIGIT_A + 10 : code - DIGIT_0;
    const isDigit = (code >= DIGIT_0 && code < DIGIT_0 + 10) || (digit >= 10 && digit < 36);
    value = isDigit ? value * 36 + digit : Number.NaN;
  }
  return value;
}
