import { httpStatus } from '../../../contract/errors.ts';
import type { FaultEncoder } from '../../call.ts';
import { faultHeaders } from '../openai-errors.ts';

/** OIP's error: a string, not OpenAI's object. */
export const oipFaults: FaultEncoder = {
  answer: (fault) => ({ status: httpStatus(fault.kind), headers: faultHeaders(fault), body: JSON.stringify({ error: fault.message }) }),
  midStream: (fault) => JSON.stringify({ error: fault.message }),
};
