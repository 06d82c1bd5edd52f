import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DAYS_MIN = 7;
const DAY_MS = 86_400_000;
const AT_ONCE = 6;
const CACHE = '.cache/published.json';

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/**
 * X45: a dependency of ours is at least seven days old, so that a stolen release is found by others first. When a version was
 * published never changes, so the answers are kept; only new ones are asked for.
 */
export async function checkDependencyAge(): Promise<string[]> {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson;
  const wanted = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => name !== '@modelyard/sdk');
  const known = readCache();
  const missing = wanted.map(([name, range]) => [name, installedVersion(name) ?? range] as const).filter(([name, version]) => known[`${name}@${version}`] === undefined);
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    await Promise.all(
      missing.slice(at, at + AT_ONCE).map(async ([name, version]) => {
        const published = await publishedAt(name, version);
        if (published !== undefined) known[`${name}@${version}`] = published;
      }),
    );
  }
  mkdirSync('.cache', { recursive: true });
  writeFileSync(CACHE, JSON.stringify(known));
  return wanted.flatMap(([name, range]) => {
    const version = installedVersion(name) ?? range;
    const published = known[`${name}@${version}`];
    if (published === undefined) return [`${name}@${version}: the registry did not say when it was published; check the network and try again`];
    const days = (Date.now() - Date.parse(published)) / DAY_MS;
    return days < DAYS_MIN ? [`${name}@${version} is ${days.toFixed(1)} days old; wait until it is ${DAYS_MIN}`] : [];
  });
}

function readCache(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(CACHE, 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}

function installedVersion(name: string): string | undefined {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { version?: string }> };
  return packages[`node_modules/${name}`]?.version;
}

async function publishedAt(name: string, version: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('npm', ['view', name, 'time', '--json'], { maxBuffer: 1e8 });
    return (JSON.parse(stdout) as Record<string, string>)[version];
  } catch {
    return undefined;
  }
}
