import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Manifest } from '../src/contract/manifest.ts';
import * as costing from '../src/control-plane/costing/formulas.ts';
import * as metrics from '../src/control-plane/evaluation/metrics/index.ts';
import { burnRate } from '../src/control-plane/monitoring/slo/model.ts';
import { FairLine } from '../src/data-plane/dispatch/fair-line.ts';
import { cacheBytes } from '../src/model-files/kv-cache.ts';
import { retryAt } from '../src/scheduler/decide/crashes.ts';
import { rollOut } from '../src/scheduler/decide/rollout.ts';
import { targetOf } from '../src/scheduler/decide/scale.ts';
import type { RevisionFigures } from '../src/scheduler/decide/world.ts';
import { estimate } from '../src/scheduler/estimate.ts';
import { demandOf, throughputOf } from '../src/scheduler/throughput.ts';
import { DurationHistogram } from '../src/telemetry/histogram.ts';

/** Every example of docs/design/formulas.md, computed by the product's own functions. */
const DOCUMENT = new URL('../docs/design/formulas.md', import.meta.url);

const manifest = (more: Pick<Manifest, 'task' | 'engine'>, weights: Partial<Manifest['weights']>): Manifest => ({
  schema: 'modelyard.manifest/1',
  ...more,
  files: [],
  weights: { format: 'none', architecture: 'example', parameters: 0, tensorBytes: 0, parametersByType: {}, quantization: 'none', ...weights },
  engineOptions: {},
  licence: '',
  origin: '',
  card: '',
});
const models = {
  smollm2: manifest(
    { task: 'chat', engine: 'llama' },
    { parameters: 134_515_008, tensorBytes: 96_600_000, layers: 30, embeddingLength: 576, attentionHeads: 9, keyValueHeads: 3, vocabularySize: 49_152, contextLength: 2_048 },
  ),
  mlp: manifest({ task: 'tensor', engine: 'tfjs' }, { parameters: 129_418, tensorBytes: 517_672 }),
};

/** Tenants in the order in which calls that came so are served, one slot, each as long. */
function fairOrder(tenants: readonly string[]): string[] {
  const line = new FairLine<{ readonly tenant: string; readonly isBackground: boolean }>();
  for (const tenant of tenants) line.add({ tenant, isBackground: false });
  return tenants.map(() => {
    const [first] = line;
    if (!first) return '';
    line.end(first, 10, line.begin(first));
    return first.tenant;
  });
}

function quantileOf(seconds: readonly number[], q: number): number {
  const histogram = new DurationHistogram();
  for (const one of seconds) histogram.observe(one);
  return histogram.quantile(q);
}

/** What is decided of a canary that was watched long enough. */
function canary(its: RevisionFigures, stable: RevisionFigures): string {
  const limits = { checks: 1, checkMs: 1, errorIncreaseMax: 0.05, latencyFactorMax: 2 };
  const rollout = {
    deployment: 'd',
    revision: 'new',
    previous: 'old',
    replicasMin: 1,
    steps: [5, 100],
    stepsDone: 1,
    since: 0,
    limits,
    lastWords: '',
    canary: its,
    stable,
    slowCalls: 0,
  };
  const replica = { id: 'r', revision: 'new', node: 'n', state: 'ready' as const, since: 0, memoryBytes: 1 };
  return rollOut({ rollouts: [rollout], replicas: [replica], crashes: new Map() }, 1_000_000)[0]?.type ?? 'hold';
}

const scope = {
  ...metrics,
  ...costing,
  rouge: (kind: metrics.RougeKind, prediction: string, reference: string) => metrics.rouge(kind, prediction, reference),
  models,
  estimate,
  cacheBytes,
  throughputOf,
  demandOf,
  targetOf,
  retryAt,
  fairOrder,
  quantileOf,
  canary,
  burnRate,
};

interface Example {
  readonly section: string;
  readonly expression: string;
  readonly value: string;
}

function read(): { readonly sections: readonly string[]; readonly examples: readonly Example[] } {
  const text = readFileSync(DOCUMENT, 'utf8');
  const sections = text.split(/^### /m).slice(1);
  return {
    sections: sections.map((section) => section.split('\n', 1)[0] ?? ''),
    examples: sections.flatMap((section) =>
      [...section.matchAll(/^```js example\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
        block
          .trim()
          .split('\n')
          .map((line) => ({
            section: section.split('\n', 1)[0] ?? '',
            expression: line.slice(0, line.lastIndexOf('//')).trim(),
            value: line.slice(line.lastIndexOf('//') + 2).trim(),
          })),
      ),
    ),
  };
}

const { sections, examples } = read();

test('each formula has a worked example', () => {
  expect(sections.length).toBeGreaterThan(20);
  expect(sections.filter((section) => !examples.some((example) => example.section === section))).toEqual([]);
});

test.each(examples)('$section: $expression', ({ expression, value }) => {
  const computed: unknown = runInNewContext(expression, scope);
  const expected: unknown = runInNewContext(value);
  if (typeof expected === 'number') expect(computed).toBeCloseTo(expected, 12);
  else expect(JSON.stringify(computed, plain)).toBe(JSON.stringify(expected, plain));
});

/** What comes out of another context has other prototypes, and JSON knows no bigint. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
