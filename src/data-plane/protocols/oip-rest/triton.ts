import type { FaultEncoder } from '../../call.ts';
import type { InferenceRoute } from '../protocol.ts';
import { oipFaults } from './errors.ts';

/** Words that NVIDIA's own examples look for in the answer of a server for an unknown model (C88). */
const UNKNOWN = 'Request for unknown model';

const tritonFaults: FaultEncoder = {
  ...oipFaults,
  answer(fault) {
    const encoded = oipFaults.answer(fault);
    return fault.code === 'model_not_found' ? { ...encoded, body: JSON.stringify({ error: `${UNKNOWN}: ${fault.message}` }) } : encoded;
  },
};

/** A route as clients that insist on Triton want it; others stay as they are. */
export function asTriton(route: InferenceRoute): InferenceRoute {
  return route.faults === oipFaults ? { ...route, faults: tritonFaults } : route;
}
