import { ELEMENT_BYTES, type Tensor, type TensorSignature, type TensorSpec } from '../../contract/tensor.ts';
import { elementCount, packBytes } from '../../contract/tensor-shape.ts';
import type { Session } from './session.ts';

/** What is tried for variable dimensions: networks that shrink images need more than one pixel. */
const SIZES = [1, 32, 64, 224] as const;

/** One real inference on zeros. Which size a variable dimension takes is the model's secret, so several are tried. @throws the last refusal */
export async function warmUp(session: Session, signature: TensorSignature): Promise<readonly Tensor[]> {
  let refusal: unknown;
  for (const size of SIZES) {
    try {
      await session.run(
        signature.inputs.map((spec) => zeros(spec, size)),
        session.outputNames,
      );
      return [];
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function zeros({ name, datatype, shape: declared }: TensorSpec, size: number): Tensor {
  // The first dimension is the batch: one is enough.
  const shape = declared.map((dimension, index) => (dimension >= 0 ? dimension : index === 0 ? 1 : size));
  const count = elementCount(shape, name);
  const data = datatype === 'BYTES' ? packBytes(Array.from({ length: count }, () => new Uint8Array(0))) : new Uint8Array(count * ELEMENT_BYTES[datatype]);
  return { name, datatype, shape, data };
}
