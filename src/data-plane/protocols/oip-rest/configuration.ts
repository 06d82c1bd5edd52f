import type { Datatype, TensorSpec } from '../../../contract/tensor.ts';
import type { Answer, Question } from '../protocol.ts';
import { find, metadata, namedBySuffix } from './discovery.ts';

/** OIP's model configuration extension, in Triton's form: what of it there is here. */
export function configuration(question: Question): Answer {
  const other = namedBySuffix(question, 'config');
  if (other) return metadata(other);
  const { deployment, revisions } = find(question);
  const [revision] = revisions;
  const { platform = '', maxBatchSize = 1, signature } = revision ?? {};
  const isBatched = maxBatchSize > 1;
  return {
    status: 200,
    body: {
      name: deployment.name,
      platform,
      backend: platform.replace(/^modelyard_/, ''),
      max_batch_size: isBatched ? maxBatchSize : 0,
      input: (signature?.inputs ?? []).map((spec) => configured(spec, isBatched)),
      output: (signature?.outputs ?? []).map((spec) => configured(spec, isBatched)),
      ...(isBatched && { dynamic_batching: {} }),
    },
  };
}

/** Triton leaves the batch dimension out where there is a largest batch. */
function configured({ name, datatype, shape }: TensorSpec, isBatched: boolean) {
  return { name, data_type: typeName(datatype), dims: isBatched ? shape.slice(1) : shape };
}

function typeName(datatype: Datatype): string {
  return `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`;
}
