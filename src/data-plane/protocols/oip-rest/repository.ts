import { invalid } from '../../../contract/errors.ts';
import type { RevisionRoute } from '../../../contract/feeds.ts';
import { parseReference } from '../../../contract/names.ts';
import { parseJsonBody } from '../../../contract/oip-json.ts';
import type { Answer, Question } from '../protocol.ts';

/** OIP's model repository extension: which models there are, and ordering one loaded or taken away. */

const STATES: Readonly<Record<RevisionRoute['state'], string>> = { loading: 'LOADING', ready: 'READY', idle: 'READY', failed: 'UNAVAILABLE', stopped: 'UNLOADING' };

/** A bare array, as Triton answers it; of `{"ready": true}`, the models that are. */
export async function index({ visible, body }: Question): Promise<Answer> {
  const { ready } = objectIn(await body());
  if (ready !== undefined && typeof ready !== 'boolean') throw invalid('"ready" must be true or false.', 'ready');
  const rows = visible().flatMap(({ name, revisions }) => revisions.map(({ version, state, reason }) => ({ name, version: String(version), state: STATES[state], reason })));
  return { status: 200, body: ready === true ? rows.filter(({ state }) => state === 'READY') : rows };
}

/** Deploys what the registry has under this name. */
export async function load({ params, body, load: order }: Question): Promise<Answer> {
  const { parameters = {} } = objectIn(await body());
  const [name] = Object.keys(Object(parameters) as object);
  if (name !== undefined) {
    throw invalid(`parameters.${name.slice(0, 60)} is not supported: a model is loaded as it was published. Publish a version with other files or settings.`, 'parameters');
  }
  await order(parseReference(params.model ?? '').name);
  return { status: 200, body: {} };
}

/** What depends on a model is not known here, so `unload_dependents` says nothing. */
export async function unload({ params, unload: order }: Question): Promise<Answer> {
  await order(parseReference(params.model ?? '').name);
  return { status: 200, body: {} };
}

/** A body that may be left out. */
function objectIn(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  const value = parseJsonBody(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw invalid('The request body must be a JSON object, or empty.');
}
