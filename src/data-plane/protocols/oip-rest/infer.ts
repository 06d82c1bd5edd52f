import type { IncomingHttpHeaders } from 'node:http';
import { CALL_HEADER } from '../../../contract/call-headers.ts';
import { unknownModel } from '../../../contract/names.ts';
import { decodeInferRequest, decodeRawRequest, encodeInferReply, type InferReply, type InferRequest, OIP_HEADER_LENGTH, parseHeaderLength } from '../../../contract/oip-binary.ts';
import { checkAgainstSignature } from '../../../contract/oip-signature.ts';
import type { DecodedRequest, TensorWork } from '../../call.ts';
import { rowsOf } from '../../../contract/tensor-shape.ts';
import type { PathParams } from '../protocol.ts';
import { withoutScheduling } from './scheduling.ts';

/** The model is in the path; the tensors are read when its signature is known. */
export function decodeInfer(body: Buffer, params: PathParams, headers: IncomingHttpHeaders): DecodedRequest {
  const { model = '', version } = params;
  const value = headers[OIP_HEADER_LENGTH];
  const headerLength = parseHeaderLength(typeof value === 'string' ? value : undefined);
  const session = headers[CALL_HEADER.session];
  return {
    model: version === undefined ? model : `${model}:${version}`,
    session: typeof session === 'string' ? session : undefined,
    needs: 'tensor',
    bounds: { promptTokens: 0, completionTokens: 0, answers: 0 },
    work({ deployment, revision }) {
      const { signature } = revision;
      if (!signature) throw unknownModel(model);
      const decoded = headerLength === 0 ? decodeRawRequest(body, signature) : decodeInferRequest(body, headerLength);
      checkAgainstSignature(decoded, signature);
      const { request, timeoutMs } = withoutScheduling(decoded);
      return { ...tensorWork(request, deployment.name, String(revision.version)), ...(timeoutMs !== undefined && { timeoutMs }) };
    },
  };
}

function tensorWork(request: InferRequest, modelName: string, modelVersion: string): TensorWork {
  return {
    kind: 'tensor',
    request,
    rows: rowsOf(request.inputs),
    encode(reply) {
      const named: InferReply = { modelName, modelVersion, outputs: reply.outputs, ...(request.id !== undefined && { id: request.id }) };
      const { chunks, headerLength, contentType } = encodeInferReply(named, request);
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      return {
        headers: {
          'content-type': contentType,
          'content-length': String(bytes),
          ...(headerLength !== undefined && { [OIP_HEADER_LENGTH]: String(headerLength) }),
        },
        chunks,
      };
    },
  };
}
