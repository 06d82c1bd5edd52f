import { Fault, invalid } from '../../contract/errors.ts';

export const upstreamNotFound = (name: string) => new Fault('not_found', 'upstream_not_found', `There is no upstream "${name}".`, { param: 'name' });
export const upstreamInUse = (name: string, deployment: string) =>
  new Fault('conflict', 'upstream_in_use', `The deployment "${deployment}" is served by the upstream "${name}"; take it away first.`);
export const badUrl = () => invalid('"url" must be an absolute http or https address without a query, for example https://api.example.com/v1.', 'url');
