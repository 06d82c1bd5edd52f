import { Gauge, type Registry } from 'prom-client';

/** What this process takes of the machine, by the names that Prometheus' own clients use. */
export function registerProcess(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    registers,
    name: 'process_resident_memory_bytes',
    help: 'Memory of this process that is in RAM',
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    registers,
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap of this process that is in use, what will be collected next included',
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
}
