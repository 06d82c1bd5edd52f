import { Fault } from '../../contract/errors.ts';
import type { FaultEncoder } from '../call.ts';
import { chatRoute } from './chat/chat.ts';
import { completionsRoute } from './completions/completions.ts';
import { embeddingsRoute } from './embeddings/embeddings.ts';
import { modelsRoutes } from './models/models.ts';
import { oipFaults } from './oip-rest/errors.ts';
import { oipRoutes } from './oip-rest/routes.ts';
import { openaiFaults } from './openai-errors.ts';
import type { InferenceRoute, PathParams } from './protocol.ts';

/** All inference routes; the first that matches serves. */
const INFERENCE_ROUTES: readonly InferenceRoute[] = [chatRoute, completionsRoute, embeddingsRoute, ...modelsRoutes, ...oipRoutes];

export type Matched =
  | { readonly route: InferenceRoute; readonly params: PathParams }
  /** A path of ours that nothing serves, or not with that method. */
  | { readonly fault: Fault; readonly faults: FaultEncoder };

/** Whether a path belongs to the data plane at all. */
export function isInferencePath(path: string): boolean {
  return path.startsWith('/v1/') || path === '/v2' || path.startsWith('/v2/');
}

/** How a path's protocol says that something is wrong. */
export function faultsOf(path: string): FaultEncoder {
  return path.startsWith('/v2') ? oipFaults : openaiFaults;
}

/** Matches the path as it was sent, byte by byte: no folding of case, slashes, dots or encodings (X9). */
export function matchRoute(method: string, path: string): Matched {
  let otherMethod = false;
  for (const route of INFERENCE_ROUTES) {
    const params = route.match(path);
    if (!params) continue;
    if (route.method === method) return { route, params };
    otherMethod = true;
  }
  const faults = faultsOf(path);
  if (otherMethod) return { fault: new Fault('method_not_allowed', 'method_not_allowed', `${method} is not allowed on this path.`), faults };
  return { fault: new Fault('not_found', 'unknown_url', `Unknown request URL: ${method} ${path.slice(0, 200)}`), faults };
}
