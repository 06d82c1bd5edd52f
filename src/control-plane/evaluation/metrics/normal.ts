import { checkOpenShare } from './checks.ts';

/** Coefficients of AS 241, each list from the constant term up: numerator and denominator for the middle, the near tail and the far tail. */
const MIDDLE = [
  [3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227],
  [1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854],
] as const;
const NEAR_TAIL = [
  [1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414],
  [1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9],
] as const;
const FAR_TAIL = [
  [6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7],
  [1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548, 1.421511758316446e-7, 2.0442631033899397e-15],
] as const;
const MIDDLE_HALF_WIDTH = 0.425;
const NEAR_TAIL_END = 5;
const NEAR_TAIL_CENTRE = 1.6;

/**
 * The z below which a standard normal value lies with probability p, to 16 digits. p strictly between 0 and 1, else RangeError.
 * Source: Wichura 1988, algorithm AS 241 (PPND16).
 */
export function normalQuantile(p: number): number {
  checkOpenShare('normal_quantile', 'p', p);
  const offset = p - 1 / 2;
  if (Math.abs(offset) <= MIDDLE_HALF_WIDTH) return offset * rational(MIDDLE, MIDDLE_HALF_WIDTH ** 2 - offset ** 2);
  const tail = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  const z = tail <= NEAR_TAIL_END ? rational(NEAR_TAIL, tail - NEAR_TAIL_CENTRE) : rational(FAR_TAIL, tail - NEAR_TAIL_END);
  return offset < 0 ? -z : z;
}

function rational([numerator, denominator]: readonly [readonly number[], readonly number[]], x: number): number {
  const polynomial = (coefficients: readonly number[]): number => coefficients.reduceRight((total, coefficient) => total * x + coefficient, 0);
  return polynomial(numerator) / polynomial(denominator);
}
