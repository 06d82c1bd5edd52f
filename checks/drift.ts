import { readFileSync } from 'node:fs';
import { generateAll } from './generated.ts';

/** The OpenAPI document and the SDK's types are made from the route schemas, the requirements' page from the tests' titles; what is committed must be what is made. */
export async function checkDrift(): Promise<string[]> {
  const faults: string[] = [];
  for (const [file, text] of await generateAll()) {
    const committed = readOrEmpty(file);
    if (committed !== text) faults.push(`${file} is not what its sources make (route schemas, the tests' titles, checks/requirements.yaml); run "npm run generate" and commit it.`);
  }
  return faults;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
