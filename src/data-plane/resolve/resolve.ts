import { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, Offer, RevisionRoute } from '../../contract/feeds.ts';
import { parseReference, unknownModel } from '../../contract/names.ts';
import type { Caller, DecodedRequest, Target } from '../call.ts';
import type { Routes } from '../ports.ts';
import type { Split } from './split.ts';

/** Which offer lets this caller call this deployment, if any. */
function offerFor(caller: Caller, deployment: DeploymentRoute): Offer | undefined {
  if (caller.allowedModels && !caller.allowedModels.includes(deployment.name)) return undefined;
  return caller.offers.find(({ deployments }) => covers(deployments, deployment));
}

function covers(of: Offer['deployments'], { name, orgId }: DeploymentRoute): boolean {
  if (of.of === 'all') return true;
  return of.of === 'org' ? of.orgId === orgId : of.name === name;
}

/** The deployments that this caller may call, sorted by name. */
export function visibleDeployments(caller: Caller, routes: Routes): DeploymentRoute[] {
  return routes.list().filter((deployment) => offerFor(caller, deployment) !== undefined);
}

/** Deployment and offer by the name in a request; unknown and forbidden are one and the same 404. */
function findDeployment(caller: Caller, text: string, routes: Routes): { deployment: DeploymentRoute; offer: Offer; version: number | undefined } {
  const { name, version } = parseReference(text);
  if (!routes.received) throw new Fault('unavailable', 'starting', 'This server has just started and does not know its models yet; try again.', { retryAfterSeconds: 1 });
  const deployment = routes.find(name);
  const offer = deployment && offerFor(caller, deployment);
  if (!deployment || !offer) throw unknownModel(text);
  return { deployment, offer, version };
}

/** Model name + Caller → where the call goes and on what terms. `split` chooses among weights. */
export function resolve(caller: Caller, request: DecodedRequest, routes: Routes, split: Split): Target {
  const { deployment, offer, version } = findDeployment(caller, request.model, routes);
  const revision =
    version === undefined
      ? byWeight(deployment.revisions, () => split.pointOf(request.session && `${caller.orgId}/${deployment.name}/${request.session}`))
      : byVersion(deployment.revisions, version);
  if (!revision) throw unknownModel(request.model);
  checkTask(request, revision);
  return { deployment, revision, offer, pinned: version !== undefined };
}

/** Where a call goes that its target can't serve: the deployment's fallback, if the caller may call that one and it takes such calls. One step only. */
export function fallbackOf(caller: Caller, request: DecodedRequest, { deployment, pinned }: Target, routes: Routes): Target | undefined {
  const other = deployment.fallback === undefined || pinned ? undefined : routes.find(deployment.fallback);
  const offer = other && offerFor(caller, other);
  const [revision] = other?.revisions.toSorted((a, b) => b.weight - a.weight) ?? [];
  return other && offer && revision && SERVES[revision.task].includes(request.needs) ? { deployment: other, revision, offer, pinned: false } : undefined;
}

/** The live revision with that model version; the heaviest where there are several. */
function byVersion(revisions: readonly RevisionRoute[], version: number): RevisionRoute | undefined {
  return revisions.filter((revision) => revision.version === version).toSorted((a, b) => b.weight - a.weight)[0];
}

/** Newest first, so that a session that has come to a new revision stays there while its share grows. */
function byWeight(revisions: readonly RevisionRoute[], pointOf: () => number): RevisionRoute | undefined {
  const all = revisions.reduce((sum, { weight }) => sum + weight, 0);
  if (revisions.length === 1 || all === 0) return revisions[0];
  let rest = pointOf() * all;
  for (const revision of revisions) {
    rest -= revision.weight;
    if (rest < 0) return revision;
  }
  return revisions[0];
}

const SERVES: Readonly<Record<RevisionRoute['task'], readonly DecodedRequest['needs'][]>> = {
  chat: ['chat', 'completion'],
  embedding: ['embedding'],
  tensor: ['tensor'],
};

const PATH_OF: Readonly<Record<RevisionRoute['task'], string>> = {
  chat: '/v1/chat/completions and /v1/completions',
  embedding: '/v1/embeddings',
  tensor: '/v2/models/NAME/infer',
};

function checkTask(request: DecodedRequest, revision: RevisionRoute): void {
  if (SERVES[revision.task].includes(request.needs)) return;
  throw new Fault('invalid_argument', 'unsupported_operation', `"${request.model}" is a model for ${revision.task}; call it by ${PATH_OF[revision.task]}.`, { param: 'model' });
}
