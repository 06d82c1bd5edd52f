import * as metrics from '../../src/control-plane/evaluation/metrics/index.ts';
import * as costs from '../../src/control-plane/costing/formulas.ts';
import { priceFloor } from '../../src/control-plane/costing/price-floor.ts';
import type { CacheInfo, Manifest, WeightsInfo } from '../../src/contract/manifest.ts';
import { chargeOf, NO_QUANTITIES, type Price, type Quantities, quantitiesOf, type Rates, type Used } from '../../src/contract/price.ts';
import { refundSplitOf, sizeOf, splitBy } from '../../src/control-plane/billing/model.ts';
import type { Split } from '../../src/control-plane/ledger/model.ts';
import { burnRate } from '../../src/control-plane/monitoring/slo/model.ts';
import { quantityBounds } from '../../src/data-plane/admit/bounds.ts';
import { FairLine } from '../../src/data-plane/dispatch/fair-line.ts';
import { GGML_TYPES } from '../../src/model-files/ggml-types.ts';
import { cacheBytes, cacheBytesRead } from '../../src/model-files/kv-cache.ts';
import { retryAt } from '../../src/scheduler/decide/crashes.ts';
import { evictionCost } from '../../src/scheduler/decide/evict.ts';
import { rollOut } from '../../src/scheduler/decide/rollout.ts';
import { targetOf } from '../../src/scheduler/decide/scale.ts';
import { NO_LOAD, type RevisionFigures, type WantedReplicas } from '../../src/scheduler/decide/world.ts';
import { estimate } from '../../src/scheduler/estimate.ts';
import { replicasFor, throughputOf } from '../../src/scheduler/throughput.ts';
import { DurationHistogram } from '../../src/telemetry/histogram.ts';

/** The product's own functions under the names that docs/design/formulas.md calls them by; where they take more than numbers, the least around them. */

type Fn = (...args: never[]) => unknown;

const NOW = 1_000_000;
const WANTED: WantedReplicas = {
  id: 'r',
  deployment: 'd',
  digest: '',
  replicasMin: 1,
  replicasMax: 10,
  targetConcurrency: 1,
  priority: 0,
  idleMs: 300_000,
  memoryBytes: 0,
  threads: 1,
  loadMs: 0,
};

const WEIGHTS: WeightsInfo = { format: 'gguf', architecture: 'llama', parameters: 0, tensorBytes: 0, parametersByType: {}, quantization: '' };

function manifestOf(engine: Manifest['engine'], weights: Partial<WeightsInfo>, more: Partial<Manifest>): Manifest {
  const task = engine === 'llama' ? 'chat' : 'tensor';
  return { schema: 'modelyard.manifest/1', task, engine, files: [], weights: { ...WEIGHTS, ...weights }, engineOptions: {}, licence: '', origin: '', card: '', ...more };
}

const options = (seed: number, resamples: number) => ({ random: metrics.seededRandom(seed), resamples });

const quality = {
  pearson: metrics.pearson,
  spearman: metrics.spearman,
  ranksOf: metrics.ranksOf,
  accuracy: metrics.accuracy,
  balancedAccuracy: metrics.balancedAccuracy,
  matthewsCorrelation: metrics.matthewsCorrelation,
  confusionMatrix: (...args: Parameters<typeof metrics.confusionMatrix>) => metrics.confusionMatrix(...args).counts,
  classificationReport: (actual: string[], predicted: string[], average: 'micro' | 'macro' | 'weighted') => {
    const { precision, recall, f1 } = metrics.classificationReport(actual, predicted)[average];
    return [precision, recall, f1];
  },
  logLoss: metrics.logLoss,
  brierScore: metrics.brierScore,
  brierScoreMulticlass: metrics.brierScoreMulticlass,
  topKAccuracy: metrics.topKAccuracy,
  rocAuc: metrics.rocAuc,
  rocAucMulticlass: metrics.rocAucMulticlass,
  averagePrecision: metrics.averagePrecision,
  averagePrecisionMulticlass: metrics.averagePrecisionMulticlass,
  expectedCalibrationError: metrics.expectedCalibrationError,
  reliabilityBins: (...args: Parameters<typeof metrics.reliabilityBins>) =>
    metrics.reliabilityBins(...args).map(({ count, confidence, accuracy }) => [count, confidence, accuracy]),
  topConfidences: metrics.topConfidences,
  meanAbsoluteError: metrics.meanAbsoluteError,
  meanSquaredError: metrics.meanSquaredError,
  rootMeanSquaredError: metrics.rootMeanSquaredError,
  meanSquaredLogError: metrics.meanSquaredLogError,
  medianAbsoluteError: metrics.medianAbsoluteError,
  meanAbsolutePercentageError: metrics.meanAbsolutePercentageError,
  maxError: metrics.maxError,
  r2: metrics.r2,
  explainedVariance: metrics.explainedVariance,
  d2AbsoluteError: metrics.d2AbsoluteError,
  dcg: metrics.dcg,
  ndcg: metrics.ndcg,
  meanReciprocalRank: metrics.meanReciprocalRank,
  perplexity: metrics.perplexity,
  wordPerplexity: metrics.wordPerplexity,
  bitsPerByte: metrics.bitsPerByte,
  exactMatch: metrics.exactMatch,
  passAtK: metrics.passAtK,
  bleu: (...args: Parameters<typeof metrics.bleu>) => metrics.bleu(...args).score,
  chrf: (...args: Parameters<typeof metrics.chrf>) => metrics.chrf(...args).score,
  rouge: (...args: Parameters<typeof metrics.rouge>) => metrics.rouge(...args),
  rougeF: metrics.rougeF,
  meanInterval: (values: number[]) => metrics.meanInterval(values).interval,
  wilsonInterval: metrics.wilsonInterval,
  normalQuantile: metrics.normalQuantile,
  bootstrapInterval: (values: number[], seed: number, resamples: number) =>
    metrics.bootstrapInterval(values.length, (rows) => Math.max(...Array.from(rows, (row) => values[row] ?? 0)), options(seed, resamples)),
  bootstrapMeanInterval: (values: number[], seed: number, resamples: number) => metrics.bootstrapMeanInterval(values, options(seed, resamples)),
  mcNemar: metrics.mcNemar,
  pairedPermutationTest: (first: number[], second: number[]) => metrics.pairedPermutationTest(first, second, metrics.seededRandom(1)),
  pairedBootstrapTest: (first: number[], second: number[], seed: number, resamples: number) => metrics.pairedBootstrapTest(first, second, options(seed, resamples)),
  seededRandom: (seed: number) => metrics.seededRandom(seed)(),
} satisfies Record<string, Fn>;

const lineOf = (manifest: Manifest, what: string) => estimate(manifest).lines.find((line) => line.what === what)?.bytes;

const resources = {
  weightBytes: (counts: Record<string, number>) =>
    [...GGML_TYPES.values()].reduce((sum, { name, blockElements, blockBytes }) => sum + ((counts[name] ?? 0) / blockElements) * blockBytes, 0),
  cacheBytes: (cache: CacheInfo, slots: number, contextTokens: number) => cacheBytes({ ...WEIGHTS, cache }, { slots, contextTokens }),
  cacheBytesRead: (cache: CacheInfo, tokens: number) => cacheBytesRead({ ...WEIGHTS, cache }, tokens),
  estimateLine: (engine: Manifest['engine'], weights: Partial<WeightsInfo>, what: string, more: Partial<Manifest> = {}) => lineOf(manifestOf(engine, weights, more), what),
  loadMs: (tensorBytes: number) => estimate(manifestOf('onnx', { tensorBytes }, {})).loadMs,
  throughputOf: (weights: Partial<WeightsInfo>, slots: number, contextSize: number, [threads, bytesPerSecond, flopsPerThread]: [number, number, number]) => {
    const { tokensPerSecondAlone, tokensPerSecond, prefillTokensPerSecond, boundBy } = throughputOf(
      manifestOf('llama', { contextLength: contextSize, ...weights }, { engineOptions: { slots, contextSize } }),
      threads,
      { bytesPerSecond, flopsPerThread },
    );
    return [tokensPerSecondAlone, tokensPerSecond, prefillTokensPerSecond, boundBy];
  },
  replicasFor,
  targetOf: (targetConcurrency: number, ready: number, stableConcurrency: number, panicConcurrency: number) =>
    targetOf(
      { ...WANTED, targetConcurrency },
      Array.from({ length: ready }, (_, index) => ({ id: `${index}`, revision: 'r', node: 'n', state: 'ready' as const, since: 0, memoryBytes: 0 })),
      { ...NO_LOAD, running: stableConcurrency, stableConcurrency, panicConcurrency },
      NOW,
    ).replicas,
  evictionCost,
  rollOut: (canary: RevisionFigures, stable: RevisionFigures, slowCalls: number) => {
    const limits = { checks: 1, checkMs: 60_000, errorIncreaseMax: 0.05, latencyFactorMax: 2 };
    const rollout = {
      deployment: 'd',
      revision: 'r',
      previous: 'q',
      replicasMin: 1,
      steps: [10, 100],
      stepsDone: 1,
      since: NOW - 60_000,
      limits,
      lastWords: '',
      canary,
      stable,
      slowCalls,
    };
    const replicas = [{ id: 'x', revision: 'r', node: 'n', state: 'ready' as const, since: 0, memoryBytes: 0 }];
    return rollOut({ rollouts: [rollout], replicas, crashes: new Map() }, NOW)[0]?.type ?? 'wait';
  },
  retryAt: (crashes: [at: number, servedMs: number][]) =>
    retryAt(
      crashes.map(([at, servedMs]) => ({ at, servedMs })),
      crashes.at(-1)?.[0] ?? 0,
    ),
  burnRate,
  fairLine: (served: [tenant: string, ms: number][], waiting: string[]) => {
    const line = new FairLine<{ tenant: string; isBackground: boolean }>();
    for (const tenant of new Set(waiting)) line.add({ tenant, isBackground: false });
    for (const [tenant, ms] of served) {
      const entry = { tenant, isBackground: false };
      line.end(entry, ms, line.begin(entry));
    }
    return [...line].map(({ tenant }) => tenant);
  },
  quantile: (seconds: number[], q: number) => {
    const histogram = new DurationHistogram();
    for (const one of seconds) histogram.observe(one);
    return histogram.quantile(q);
  },
} satisfies Record<string, Fn>;

const cost = {
  capitalRecoveryFactor: costs.capitalRecoveryFactor,
  presentValue: costs.presentValue,
  hardwareCostPerHour: costs.hardwareCostPerHour,
  powerKilowatts: costs.powerKilowatts,
  powerCostPerHour: costs.powerCostPerHour,
  workload: costs.workload,
  resourceShares: costs.resourceShares,
  allocationShares: costs.allocationShares,
  sharesOf: costs.sharesOf,
  costPer: (totalMicros: number, units: number, per: number) => Number(costs.costPer(BigInt(totalMicros), units, per)),
  breakEvenUtilisation: costs.breakEvenUtilisation,
  apportion: (total: number, weights: number[]) => costs.apportion(BigInt(total), weights).map(Number),
  priceFloor: (perMillionTokensMicros: number, totalMicros: number, units: number, utilisation: number) => {
    const floor = priceFloor({ price: { per: 'million_tokens', micros: BigInt(perMillionTokensMicros) }, currency: 'USD', totalMicros: BigInt(totalMicros), units, utilisation });
    return [Number(floor.marginMicros), floor.marginShare, floor.breakEvenUtilisation];
  },
} satisfies Record<string, Fn>;

type Shares = { readonly publisher: number; readonly platform: number; readonly tax: number };

const sharesOf = ({ publisherMicros, platformMicros, taxMicros }: Split): Shares => ({
  publisher: Number(publisherMicros),
  platform: Number(platformMicros),
  tax: Number(taxMicros),
});
const ratesOf = (rates: Readonly<Record<string, number>>): Rates => Object.fromEntries(Object.entries(rates).map(([unit, micros]) => [unit, BigInt(micros)]));

interface Chat {
  readonly bodyBytes: number;
  readonly maxTokens?: number;
  readonly answers: number;
  readonly contextLength: number;
}

const money = {
  chargeOf: (rates: Readonly<Record<string, number>>, quantities: Partial<Quantities>) => Number(chargeOf(ratesOf(rates), { ...NO_QUANTITIES, ...quantities })),
  quantitiesOf: (used: Partial<Used>) =>
    quantitiesOf({ status: 'ok', promptTokens: 0, cachedTokens: 0, completionTokens: 0, rows: 0, requestBytes: 0, responseBytes: 0, durationMs: 0, stages: {}, ...used }),
  holdOf: (rates: Readonly<Record<string, number>>, { bodyBytes, maxTokens, answers, contextLength }: Chat) => {
    const admitted = {
      call: { arrivedAt: 0, deadline: 0 },
      request: { needs: 'chat', bounds: { promptTokens: bodyBytes, completionTokens: maxTokens, answers } },
      target: { revision: { task: 'chat', contextLength } },
      work: { kind: 'text' },
      requestBytes: bodyBytes,
    };
    return Number(chargeOf(ratesOf(rates), quantityBounds(admitted as unknown as Parameters<typeof quantityBounds>[0])));
  },
  leaseSize: ({ least, needed, wanted, available }: Readonly<Record<'least' | 'needed' | 'wanted' | 'available', number>>) =>
    Number(sizeOf({ leastAmount: BigInt(least), neededAmount: BigInt(needed), wantedAmount: BigInt(wanted), availableAmount: BigInt(available) })),
  splitBy: (charge: number, shares: Pick<Price, 'publisherBasisPoints' | 'taxBasisPoints'>) =>
    sharesOf(splitBy({ id: '', currency: 'EUR', rates: {}, publisher: '', ...shares }, BigInt(charge))),
  refundSplitOf: ({ publisher, platform, tax }: Shares, amount: number, fromPlatform = false) =>
    sharesOf(refundSplitOf({ publisher: '', publisherMicros: BigInt(publisher), platformMicros: BigInt(platform), taxMicros: BigInt(tax) }, BigInt(amount), fromPlatform)),
} satisfies Record<string, Fn>;

export const FORMULAS: Readonly<Record<string, (...args: unknown[]) => unknown>> = { ...quality, ...resources, ...cost, ...money } as Record<
  string,
  (...args: unknown[]) => unknown
>;

/** Functions that the document must have an example of: all that these modules export. */
export const REQUIRED: readonly string[] = [...functionsOf(metrics), ...functionsOf(costs), ...Object.keys(money)];

function functionsOf(module: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
}
