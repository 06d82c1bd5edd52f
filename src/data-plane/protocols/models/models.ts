import type { DeploymentRoute } from '../../../contract/feeds.ts';
import { unknownModel } from '../../../contract/names.ts';
import { openaiFaults } from '../openai-errors.ts';
import { type AnswerRoute, decodeOnce, exactly, type Question } from '../protocol.ts';

const LIST = '/v1/models';
const ONE = `${LIST}/`;

export const modelsRoutes: readonly AnswerRoute[] = [
  { kind: 'answer', method: 'GET', match: exactly(LIST), operation: 'models', scope: 'models.read', faults: openaiFaults, answer: list },
  {
    kind: 'answer',
    method: 'GET',
    match: (path) => {
      const model = path.startsWith(ONE) ? decodeOnce(path.slice(ONE.length)) : undefined;
      return model ? { model } : undefined;
    },
    operation: 'model',
    scope: 'models.read',
    faults: openaiFaults,
    answer: one,
  },
];

function list({ visible }: Question) {
  return { status: 200, body: { object: 'list', data: visible().map(card) } };
}

function one({ visible, params }: Question) {
  const name = params.model ?? '';
  const found = visible().find((deployment) => deployment.name === name);
  if (!found) throw unknownModel(name);
  return { status: 200, body: card(found) };
}

function card({ name, createdAtMs, orgName }: DeploymentRoute) {
  return { id: name, object: 'model', created: Math.floor(createdAtMs / 1000), owned_by: orgName };
}
