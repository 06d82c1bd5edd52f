export { bleu, SACREBLEU_VERSION, type Bleu } from './bleu.ts';
export { CALIBRATION_BINS, expectedCalibrationError, reliabilityBins, topConfidences, type ReliabilityBin } from './calibration.ts';
export { METRICS, type MetricFacts, type MetricName } from './catalogue.ts';
export { chrf, type Chrf } from './chrf.ts';
export {
  accuracy,
  balancedAccuracy,
  classificationReport,
  confusionMatrix,
  matthewsCorrelation,
  type ClassificationReport,
  type ClassRatios,
  type ConfusionMatrix,
  type PrecisionRecallF1,
  type Ratio,
} from './classification.ts';
export { pearson, ranksOf, spearman } from './correlation.ts';
export { bootstrapInterval, bootstrapMeanInterval, meanInterval, wilsonInterval, type Interval, type MeanInterval, type ResamplingOptions } from './intervals.ts';
export type { Label } from './labels.ts';
export { bitsPerByte, exactMatch, passAtK, perplexity, wordPerplexity, type ExactMatchOptions, type ProblemResult } from './language.ts';
export { normalQuantile } from './normal.ts';
export { quantile } from './numbers.ts';
export { mcNemar, pairedBootstrapTest, pairedPermutationTest, type McNemar, type PairedComparison } from './paired.ts';
export { brierScore, brierScoreMulticlass, LOG_LOSS_EPS, logLoss, topKAccuracy } from './probabilities.ts';
export { seededRandom, type Random } from './random.ts';
export { averagePrecision, averagePrecisionMulticlass, rocAuc, rocAucMulticlass, type AucScheme, type Averaging } from './ranked-classes.ts';
export { dcg, meanReciprocalRank, ndcg, type RankedQuery } from './ranking.ts';
export {
  d2AbsoluteError,
  explainedVariance,
  maxError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogError,
  medianAbsoluteError,
  r2,
  rootMeanSquaredError,
} from './regression.ts';
export { rouge, rougeF, type RougeKind, type RougeScore } from './rouge.ts';
export type { ScoredExamples } from './scored.ts';
