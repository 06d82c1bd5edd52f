import type { RequiredScope } from '../../call.ts';
import { type Answer, type AnswerRoute, decodeOnce, exactly, type InferenceRoute, type PathParams, type Question } from '../protocol.ts';
import { configuration } from './configuration.ts';
import { metadata, modelReady, serverMetadata } from './discovery.ts';
import { oipFaults } from './errors.ts';
import { decodeInfer } from './infer.ts';
import { index, load, unload } from './repository.ts';
import { statistics } from './statistics.ts';

const MODELS = '/v2/models/';
const REPOSITORY = '/v2/repository/models/';

/**
 * Model names may have a slash that clients do not encode (tritonclient), so the fixed suffixes are matched from the right:
 * `/v2/models/acme/ocr/versions/3/infer`.
 */
function underModels(suffix: string): (path: string) => PathParams | undefined {
  return (path) => {
    if (!path.startsWith(MODELS) || !path.endsWith(suffix)) return undefined;
    const rest = path.slice(MODELS.length, path.length - suffix.length);
    const versioned = /^(.+)\/versions\/([^/]+)$/.exec(rest);
    const model = decodeOnce(versioned?.[1] ?? rest);
    if (!model) return undefined;
    return versioned?.[2] === undefined ? { model } : { model, version: versioned[2] };
  };
}

/** A model's own address: whatever ends in no fixed suffix. */
function modelItself(path: string): PathParams | undefined {
  return path.endsWith('/infer') || path.endsWith('/ready') ? undefined : underModels('')(path);
}

function underRepository(suffix: string): (path: string) => PathParams | undefined {
  return (path) => {
    if (!path.startsWith(REPOSITORY) || !path.endsWith(suffix)) return undefined;
    const model = decodeOnce(path.slice(REPOSITORY.length, path.length - suffix.length));
    return model ? { model } : undefined;
  };
}

function answered(method: 'GET' | 'POST', match: AnswerRoute['match'], scope: RequiredScope, answer: (question: Question) => Answer | Promise<Answer>): AnswerRoute {
  return { kind: 'answer', method, match, operation: 'oip', scope, faults: oipFaults, answer };
}

/** In order: what ends in a fixed suffix comes before the model's own address. A model named `stats` has its metadata at `/v2/models/stats/versions/N`. */
export const oipRoutes: readonly InferenceRoute[] = [
  { kind: 'infer', method: 'POST', match: underModels('/infer'), operation: 'infer', scope: 'inference', faults: oipFaults, decode: decodeInfer },
  answered('GET', exactly('/v2/health/live'), 'public', ({ live }) => ({ status: live ? 200 : 503, body: { live } })),
  answered('GET', exactly('/v2/health/ready'), 'public', ({ ready, live }) => ({ status: ready ? 200 : 503, body: { ready, live } })),
  answered('GET', exactly('/v2'), 'models.read', serverMetadata),
  answered('GET', underModels('/ready'), 'models.read', modelReady),
  answered('GET', exactly('/v2/models/stats'), 'models.read', statistics),
  answered('GET', underModels('/stats'), 'models.read', statistics),
  answered('GET', underModels('/config'), 'models.read', configuration),
  answered('POST', exactly('/v2/repository/index'), 'models.read', index),
  answered('POST', underRepository('/load'), 'deployments.write', load),
  answered('POST', underRepository('/unload'), 'deployments.write', unload),
  answered('GET', modelItself, 'models.read', metadata),
];
