import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { VERSION } from '../../src/contract/version.ts';
import { PORTKEY_VERSION } from '../peers/portkey.ts';

const GIB = 1_073_741_824;

export function machine(): Readonly<Record<string, unknown>> {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    avx2: flags.includes('avx2'),
    avx512: flags.includes('avx512f'),
    memoryGiB: Number((totalmem() / GIB).toFixed(1)),
    system: `${platform()} ${arch()} ${release()}`,
    load: loadavg(),
  };
}

export function versions(): Readonly<Record<string, string>> {
  return {
    modelyard: VERSION,
    node: process.versions.node,
    undici: packageVersion('undici'),
    'onnxruntime-node': packageVersion('onnxruntime-node'),
    'node-llama-cpp': packageVersion('node-llama-cpp'),
    portkey: PORTKEY_VERSION,
  };
}

function packageVersion(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
