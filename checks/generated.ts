import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { requirementsPage } from './requirements.ts';
import { startHarness } from '../tests/harness.ts';

const HEAD = '// Made by "npm run generate" from the route schemas. Do not edit.\n\n';

/** Every generated file and its text, made from a server that is started for it. */
export async function generateAll(): Promise<Map<string, string>> {
  await using modelyard = await startHarness();
  const document = (await (await modelyard.call('/openapi.json')).json()) as OpenAPI3;
  const types = astToString(await openapiTS(document));
  return new Map([
    ['docs/reference/openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['sdk/src/generated/api.ts', HEAD + types],
    ['docs/reference/requirements.md', requirementsPage()],
  ]);
}
