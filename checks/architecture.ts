import { globSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { forbidden, options } from './arrows.ts';

/** Broken arrows, each with the reason for the rule; and a fault when the tool did not see every module. */
export async function checkArchitecture(): Promise<string[]> {
  const { output } = await cruise(['src', 'sdk/src'], { ...options, ruleSet: { forbidden }, validate: true } as unknown as ICruiseOptions, undefined, {
    tsConfig: extractTsConfig('tsconfig.json'),
  });
  const { modules, summary } = output as ICruiseResult;
  const seen = new Set(modules.map(({ source }) => source));
  const unseen = globSync('src/**/*.ts').filter((file) => !file.endsWith('.d.ts') && !seen.has(file));
  const broken = summary.violations.map(({ from, to, rule }) => {
    const why = forbidden.find(({ name }) => name === rule.name)?.comment ?? '';
    return `${from} → ${to}\n    ${rule.name}: ${why}`;
  });
  if (unseen.length > 0)
    broken.push(
      `${unseen.length} modules were not seen (${unseen.slice(0, 3).join(', ')} …): then "no violations" means nothing. Check TypeScript's version and tsPreCompilationDeps.`,
    );
  return broken;
}
