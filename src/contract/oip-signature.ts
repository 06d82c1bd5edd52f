import { invalid } from './errors.ts';
import type { Tensor, TensorSignature, TensorSpec } from './tensor.ts';

/** What `checkAgainstSignature` looks at; an `InferRequest` is one. */
export interface CheckedRequest {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly { readonly name: string }[];
}

/** Checks a request against a model's signature: names, datatypes, dimensions (-1 takes any), outputs. @throws Fault that names what differs */
export function checkAgainstSignature(request: CheckedRequest, signature: TensorSignature): void {
  const given = new Map(request.inputs.map((tensor) => [tensor.name, tensor]));
  const missing = signature.inputs.filter(({ name }) => !given.has(name));
  if (missing.length > 0) throw invalid(`Missing ${named('input', missing)}. The model needs ${named('input', signature.inputs)}.`, 'inputs');
  const known = new Set(signature.inputs.map(({ name }) => name));
  const extra = request.inputs.filter(({ name }) => !known.has(name));
  if (extra.length > 0) throw invalid(`Unknown ${named('input', extra)}. The model takes ${named('input', signature.inputs)}.`, 'inputs');
  for (const spec of signature.inputs) checkTensor(given.get(spec.name)!, spec);
  const outputs = new Set(signature.outputs.map(({ name }) => name));
  const unknown = request.outputs.filter(({ name }) => !outputs.has(name));
  if (unknown.length > 0) throw invalid(`Unknown ${named('output', unknown)}. The model has ${named('output', signature.outputs)}.`, 'outputs');
}

function checkTensor(tensor: Tensor, spec: TensorSpec): void {
  if (tensor.datatype !== spec.datatype) {
    throw invalid(`Input '${spec.name}' has the datatype ${tensor.datatype}; the model takes ${spec.datatype}.`, spec.name);
  }
  const fits = tensor.shape.length === spec.shape.length && spec.shape.every((dimension, index) => dimension < 0 || dimension === tensor.shape[index]);
  if (!fits) throw invalid(`Input '${spec.name}' has the shape [${tensor.shape.join(',')}]; the model takes [${spec.shape.join(',')}], where -1 is any size.`, spec.name);
}

function named(what: string, tensors: readonly { readonly name: string }[]): string {
  return `${what}${tensors.length === 1 ? '' : 's'} ${tensors.map(({ name }) => `'${name}'`).join(', ')}`;
}
