import type { FetchOptions } from './client.ts';
import { fetchTarball } from './npm.ts';
import { fetchWheel } from './pypi.ts';
import type { PackageSource } from './source.ts';

/** Downloads a package's archive with its ecosystem's own client. @throws Fault with one clear sentence */
export async function fetchPackage(source: PackageSource, options: FetchOptions): Promise<{ readonly archive: string }> {
  return { archive: source.ecosystem === 'pypi' ? await fetchWheel(source, options) : await fetchTarball(source, options) };
}
