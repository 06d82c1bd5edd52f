import type { Schema } from './json.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

/** As much of the API's document as matters here. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** One public route and what it takes. */
export interface Target {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly query: readonly string[];
  readonly body: Schema | undefined;
  readonly takesBytes: boolean;
}

/** What the document leaves out: health, the model repository, the pages. */
const OTHERS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/live'],
  ['GET', '/ready'],
  ['GET', '/openapi.json'],
  ['GET', '/docs'],
  ['GET', '/docs/{name}'],
  ['GET', '/v2/health/live'],
  ['GET', '/v2/health/ready'],
  ['GET', '/v2/models/{model}/versions/{version}'],
  ['GET', '/v2/models/{model}/versions/{version}/ready'],
  ['POST', '/v2/models/{model}/versions/{version}/infer'],
  ['POST', '/v2/repository/index'],
  ['POST', '/v2/repository/models/{model}/load'],
  ['POST', '/v2/repository/models/{model}/unload'],
  ['GET', '/v1/{name}'],
  ['GET', '/v2/{name}'],
  ['GET', '/api/v1/{name}'],
  ['GET', '/{name}'],
];

/** Every route of the document, and those that it leaves out. */
export function targetsOf(document: ApiDocument): Target[] {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => targetOf(method.toUpperCase(), path, operation)),
  );
  const infer = described.find(({ path }) => path.endsWith('/infer'))?.body;
  const others = OTHERS.map(([method, path]) => ({ method, path, query: [], body: path.endsWith('/infer') ? infer : undefined, takesBytes: path.endsWith('/infer') }));
  return [...described, ...others];
}

function targetOf(method: string, path: string, { parameters = [], requestBody }: Operation): Target {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const body = requestBody?.content?.['application/json']?.schema;
  return { method, path, query, body, takesBytes: path.endsWith('/infer') || /\/(blobs|datasets)/.test(path) };
}

/** Routes that take something away: they are called with names that nothing else needs. */
export function takesAway({ method, path }: Target): boolean {
  return (
    method === 'DELETE' ||
    /\/(drain|withdraw|reject|rotate|abandon|unload|cancel|rollback|secret|payouts|gc)\b/.test(path) ||
    (method === 'PATCH' && /deployments|listings|plans|budgets/.test(path))
  );
}
