import { Counter, Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from 'prom-client';
import type { UsageRecord } from '../contract/usage.ts';
import { DurationHistogram } from './histogram.ts';
import { isServerFault } from './server-fault.ts';

/** What calls of one deployment, operation and status were like. Durations are seconds. */
export interface CallSeries {
  readonly deployment: string;
  readonly operation: string;
  readonly status: UsageRecord['status'];
  readonly duration: DurationHistogram;
  readonly firstByte: DurationHistogram;
  /** Calls that failed by the server's or an engine's fault. */
  serverFaults: number;
  promptTokens: number;
  /** Of the prompt tokens, those that came from a prefix cache. */
  cachedTokens: number;
  completionTokens: number;
}

/** All calls of one deployment since the start. */
export interface CallTotals extends Omit<CallSeries, 'operation' | 'status'> {
  readonly calls: number;
}

/** Deployments are told apart up to so many; calls of those beyond count as one, `other`. */
const DEPLOYMENTS_MAX = 1_000;
const OTHER = 'other deployments';

/** Counts every finished call since the start. The metrics library is told when somebody reads: its own counting looks every series up by a text that it puts together for each call. */
export class CallStats {
  readonly #series = new Map<string, CallSeries[]>();

  add(record: UsageRecord): void {
    const series = this.#of(record);
    series.duration.observe(record.durationMs / 1000);
    const firstByte = record.stages['first_byte'];
    if (firstByte !== undefined) series.firstByte.observe(firstByte / 1000);
    if (isServerFault(record)) series.serverFaults += 1;
    series.promptTokens += record.promptTokens;
    series.cachedTokens += record.cachedTokens;
    series.completionTokens += record.completionTokens;
  }

  all(): readonly CallSeries[] {
    return [...this.#series.values()].flat();
  }

  /** The series of each deployment together; copies, which later calls do not change. */
  totals(): readonly CallTotals[] {
    return [...this.#series].map(([deployment, all]) => {
      const sum = {
        deployment,
        calls: 0,
        serverFaults: 0,
        promptTokens: 0,
        cachedTokens: 0,
        completionTokens: 0,
        duration: new DurationHistogram(),
        firstByte: new DurationHistogram(),
      };
      for (const series of all) {
        sum.calls += series.duration.count;
        sum.serverFaults += series.serverFaults;
        sum.promptTokens += series.promptTokens;
        sum.cachedTokens += series.cachedTokens;
        sum.completionTokens += series.completionTokens;
        sum.duration.merge(series.duration);
        sum.firstByte.merge(series.firstByte);
      }
      return sum;
    });
  }

  /** A deployment has few series, so they are looked through. */
  #of({ deployment: name, operation, status }: UsageRecord): CallSeries {
    const deployment = this.#series.size < DEPLOYMENTS_MAX || this.#series.has(name) ? name : OTHER;
    const known = this.#series.get(deployment);
    for (const series of known ?? []) if (series.operation === operation && series.status === status) return series;
    const counts = { serverFaults: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    const made = { deployment, operation, status, duration: new DurationHistogram(), firstByte: new DurationHistogram(), ...counts };
    if (known) known.push(made);
    else this.#series.set(deployment, [made]);
    return made;
  }
}

/** Shows the counts under OpenTelemetry's GenAI names. */
export function registerCallStats(stats: CallStats, registry: Registry): void {
  const registers = [registry];
  const duration = { name: 'gen_ai_server_request_duration_seconds', help: "Time from a call's arrival to its end" };
  const firstByte = { name: 'gen_ai_server_time_to_first_token_seconds', help: "Time from a call's arrival to the first byte of its answer" };
  new CountedHistogram({ ...duration, registers }, () => stats.all().map((series) => [series, series.duration]));
  new CountedHistogram({ ...firstByte, registers }, () => stats.all().map((series) => [series, series.firstByte]));
  new Counter({
    registers,
    name: 'gen_ai_client_token_usage_total',
    help: 'Tokens metered',
    labelNames: ['gen_ai_request_model', 'gen_ai_token_type'],
    collect() {
      this.reset();
      for (const { deployment, promptTokens, completionTokens } of stats.all()) {
        this.inc({ gen_ai_request_model: deployment, gen_ai_token_type: 'input' }, promptTokens);
        this.inc({ gen_ai_request_model: deployment, gen_ai_token_type: 'output' }, completionTokens);
      }
    },
  });
  const counters = [
    ['modelyard_cached_prompt_tokens_total', 'Of the input tokens, those that came from a prefix cache', 'cachedTokens'],
    ['modelyard_server_faults_total', "Calls that failed by the server's or an engine's fault", 'serverFaults'],
  ] as const;
  for (const [name, help, field] of counters) {
    new Counter({
      registers,
      name,
      help,
      labelNames: ['gen_ai_request_model'],
      collect() {
        this.reset();
        for (const { deployment, [field]: count } of stats.all()) this.inc({ gen_ai_request_model: deployment }, count);
      },
    });
  }
}

type Counted = readonly (readonly [CallSeries, DurationHistogram])[];

/** A histogram of the library's that shows counts kept elsewhere. */
class CountedHistogram extends Histogram {
  readonly #config: { readonly name: string; readonly help: string };
  readonly #counted: () => Counted;

  constructor(config: { readonly name: string; readonly help: string; readonly registers: Registry[] }, counted: () => Counted) {
    super(config);
    this.#config = config;
    this.#counted = counted;
  }

  /** What the registry asks for. Its types name fields that it does not have and does not read. */
  override get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const values = this.#counted().flatMap(([series, histogram]) => this.#valuesOf(series, histogram));
    return Promise.resolve({ ...this.#config, type: 'histogram', values } as unknown as MetricObjectWithValues<MetricValueWithName<string>>);
  }

  /** The same under the name by which the registry asks histograms. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }

  #valuesOf({ deployment, operation, status }: CallSeries, histogram: DurationHistogram): MetricValueWithName<string>[] {
    const { name } = this.#config;
    const labels = { gen_ai_operation_name: operation, gen_ai_request_model: deployment, status };
    const buckets = [...histogram.cumulative()].map(([bound, value]) => ({
      metricName: `${name}_bucket`,
      labels: { le: Number.isFinite(bound) ? bound : '+Inf', ...labels },
      value,
    }));
    return [...buckets, { metricName: `${name}_sum`, labels, value: histogram.sumSeconds }, { metricName: `${name}_count`, labels, value: histogram.count }];
  }
}
