import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startRealServer } from '../with-models/real-server.ts';

const LLMPROBE = fileURLToPath(new URL('../../node_modules/llmprobe/bin/dist/llmprobe.mjs', import.meta.url));
/** What is ours to serve, by the model that serves it; what others are there llmprobe says itself. */
const SURFACES = { 'smollm2-135m-instruct': ['models', 'chat', 'completions', 'tools'], 'all-minilm-l6-v2': ['models', 'embeddings'] } as const;

interface Report {
  conformance: { results: { id: string; surface: string; outcome: string; failures?: { severity: string; message: string }[] }[] };
}

/** The whole probe takes ten minutes on two cores, most of them for what the model can do; `--quick` asks for what the server must. */
test.each(['smollm2-135m-instruct', 'all-minilm-l6-v2'])(
  'llmprobe 0.6.12, unmodified, finds no MUST failure: %s',
  async (model) => {
    await using server = await startRealServer();
    const folder = mkdtempSync(join(tmpdir(), 'modelyard-llmprobe-'));
    const report = join(folder, 'report.json');
    try {
      const order = [`${server.url}/v1`, '-k', server.key, '-m', model, '--quick', '--no-bench', '--no-save', '--no-color', '--save', report];
      // Its exit code judges the model too.
      await promisify(execFile)(process.execPath, [LLMPROBE, ...order], { maxBuffer: 1e8, env: { ...process.env, HOME: folder } }).catch(() => undefined);
      const { results } = (JSON.parse(readFileSync(report, 'utf8')) as Report).conformance;
      const ours = results.filter(({ surface }) => surfaces.includes(surface));
      const failed = ours.flatMap(({ id, failures = [] }) => failures.filter(({ severity }) => severity === 'MUST').map(({ message }) => `${id}: ${message}`));
      expect(failed).toEqual([]);
      expect(ours.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  600_000,
);
