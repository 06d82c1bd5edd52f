import { readFileSync } from 'node:fs';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly resolved?: string; readonly integrity?: string; readonly link?: boolean; readonly hasInstallScript?: boolean }>
  >;
}
interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** X45: exact versions, one registry only, no dependency from git, a URL or a folder. */
export function checkSupplyChain(): string[] {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([name, version]) => !/^\d/.test(version) && name !== 'typescript');
  const hosts = new Set<string>();
  const foreign: string[] = [];
  for (const [path, { resolved, link }] of Object.entries(lock.packages)) {
    if (resolved === undefined || link) continue;
    const url = URL.canParse(resolved) ? new URL(resolved) : undefined;
    if (url?.protocol === 'https:') hosts.add(url.host);
    else foreign.push(`${path} comes from ${resolved}; only registry packages are allowed`);
  }
  return [
    ...loose.map(([name, version]) => `${name} is "${version}" in package.json; pin it to one version`),
    ...(hosts.size > 1 ? [`package-lock.json names ${hosts.size} registries; it may name one only`] : []),
    ...foreign,
  ];
}
