import { Counter, Gauge, type Registry } from 'prom-client';

/** A replica gone is a series gone, so there are as many as there are engines; no more than this. */
const SERIES_MAX = 2_000;

export interface LoadSample {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
}

export interface ReplicaSample {
  readonly deployment: string;
  readonly replica: string;
  readonly state: string;
  readonly slots: number;
  readonly memoryBytes: number;
  /** Absent where it can't be measured. */
  readonly cpuSeconds: number | undefined;
}

export interface BurnSample {
  readonly deployment: string;
  readonly windows: string;
  readonly rate: number;
}

/** What is so now; asked when somebody reads the metrics. */
export interface GaugeSources {
  load(): readonly LoadSample[];
  replicas(): readonly ReplicaSample[];
  burns(): readonly BurnSample[];
}

export function registerGauges(registry: Registry, sources: GaugeSources): void {
  const registers = [registry];
  const replicas = () => sources.replicas().slice(0, SERIES_MAX);
  for (const field of ['waiting', 'running'] as const) {
    new Gauge({
      registers,
      name: `modelyard_calls_${field}`,
      help: `Calls ${field} now`,
      labelNames: ['deployment'],
      collect() {
        this.reset();
        for (const sample of sources.load()) this.set({ deployment: sample.name }, sample[field]);
      },
    });
  }
  new Gauge({
    registers,
    name: 'modelyard_replicas',
    help: 'Engine replicas now',
    labelNames: ['deployment', 'state'],
    collect() {
      this.reset();
      for (const { deployment, state } of replicas()) this.inc({ deployment, state });
    },
  });
  for (const [field, help] of [
    ['memoryBytes', 'Memory of an engine replica: resident, or reserved where that is more'],
    ['slots', 'Calls that an engine replica serves at once'],
  ] as const) {
    new Gauge({
      registers,
      name: `modelyard_replica_${field === 'slots' ? 'slots' : 'memory_bytes'}`,
      help,
      labelNames: ['deployment', 'replica'],
      collect() {
        this.reset();
        for (const { deployment, replica, [field]: value } of replicas()) this.set({ deployment, replica }, value);
      },
    });
  }
  new Counter({
    registers,
    name: 'modelyard_replica_cpu_seconds_total',
    help: "An engine replica's time on CPUs since its start",
    labelNames: ['deployment', 'replica'],
    collect() {
      this.reset();
      for (const { deployment, replica, cpuSeconds } of replicas()) if (cpuSeconds !== undefined) this.inc({ deployment, replica }, cpuSeconds);
    },
  });
  new Gauge({
    registers,
    name: 'modelyard_slo_burn_rate',
    help: 'How fast the error budget is spent; 1 spends it in exactly its window',
    labelNames: ['deployment', 'windows'],
    collect() {
      this.reset();
      for (const { deployment, windows, rate } of sources.burns().slice(0, SERIES_MAX)) this.set({ deployment, windows }, rate);
    },
  });
}
