import type { DeploymentRoute, RevisionRoute } from '../../../contract/feeds.ts';
import { parseReference, unknownModel } from '../../../contract/names.ts';
import type { Answer, Question } from '../protocol.ts';

/** Those of Triton's and KServe's lists that are served here, and no others. */
const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'];

export function serverMetadata({ version, asTriton }: Question): Answer {
  return { status: 200, body: { name: asTriton ? 'triton' : 'modelyard', version, extensions: EXTENSIONS } };
}

export function modelReady(question: Question): Answer {
  const { deployment, revisions } = find(question);
  const ready = revisions.some(({ state }) => state === 'ready' || state === 'idle');
  return { status: ready ? 200 : 503, body: { name: deployment.name, ready } };
}

export function metadata(question: Question): Answer {
  const { deployment, revisions } = find(question);
  const [revision] = revisions;
  const versions = [...new Set(revisions.map(({ version }) => String(version)))];
  const { inputs = [], outputs = [] } = revision?.signature ?? {};
  return { status: 200, body: { name: deployment.name, versions, platform: revision?.platform ?? '', inputs, outputs } };
}

/** For a path that ends in one of our own words: the question for the model that is really called so, `acme/stats`, where there is no `acme`. */
export function namedBySuffix(question: Question, suffix: string): Question | undefined {
  const { model = '', version } = question.params;
  const names = new Set(question.visible().map(({ name }) => name));
  const whole = `${model}/${suffix}`;
  return version === undefined && names.has(whole) && !names.has(model) ? { ...question, params: { model: whole } } : undefined;
}

/** The deployment and those of its revisions that the path means, heaviest first. */
export function find({ params, visible }: Question): { deployment: DeploymentRoute; revisions: readonly RevisionRoute[] } {
  const text = params.version === undefined ? (params.model ?? '') : `${params.model}:${params.version}`;
  const { name, version } = parseReference(text);
  const deployment = visible().find((candidate) => candidate.name === name);
  const revisions = deployment?.revisions.filter((revision) => version === undefined || revision.version === version) ?? [];
  if (!deployment || revisions.length === 0) throw unknownModel(text);
  return { deployment, revisions: revisions.toSorted((a, b) => b.weight - a.weight) };
}
