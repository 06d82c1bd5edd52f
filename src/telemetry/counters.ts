import { Counter, Histogram, type Registry } from 'prom-client';

const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128];

/** What is counted where it happens, beside what calls are counted by. */
export function createCounters(registry: Registry) {
  const on = { registers: [registry] };
  return {
    refused: new Counter({
      ...on,
      name: 'modelyard_calls_refused_total',
      help: 'Calls that ended before or instead of an answer',
      labelNames: ['gen_ai_operation_name', 'kind'],
    }),
    replayed: new Counter({
      ...on,
      name: 'modelyard_calls_replayed_total',
      help: 'Calls with an idempotency key that were answered from what is kept',
      labelNames: ['gen_ai_operation_name'],
    }),
    replicas: new Counter({ ...on, name: 'modelyard_replica_changes_total', help: 'State changes of engine replicas', labelNames: ['deployment', 'state'] }),
    problems: new Counter({ ...on, name: 'modelyard_usage_problems_total', help: 'Failed attempts to post usage records' }),
    unpriced: new Counter({ ...on, name: 'modelyard_prices_unavailable_total', help: 'Price versions that can not be read', labelNames: ['deployment'] }),
    quarantined: new Counter({ ...on, name: 'modelyard_inputs_quarantined_total', help: 'Inputs that have ended engines and are refused', labelNames: ['deployment'] }),
    batches: new Histogram({ ...on, name: 'modelyard_batch_calls', help: 'Calls that one tensor batch was made of', labelNames: ['deployment'], buckets: BATCH_BUCKETS }),
    freed: new Counter({ ...on, name: 'modelyard_garbage_freed_bytes_total', help: 'Bytes of files that nothing needed' }),
  };
}
