import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startRealServer } from '../with-models/real-server.ts';

const LLMPROBE = fileURLToPath(new URL('../../node_modules/llmprobe/bin/dist/llmprobe.mjs', import.meta.url));
const TOOLS = [
  'tool-serialization',
  'tool-stream-reassembly',
  'tool-result-turn',
  'parallel-tools',
  'tool-choice-none',
  'parallel-tools-off',
  'tool-arg-types',
  'tool-args-literal-delimiter',
];
const CHAT = ['basic', 'streaming', 'parity', 'usage', 'stream-usage', 'errors', 'json-mode', 'structured-outputs', 'structured-markers', ...TOOLS].map((check) => `chat-${check}`);
/** Which checks must have passed, by the model that they are made of. Surfaces that are not ours (responses, messages, images, audio) llmprobe finds missing by itself. */
const CHECKS = { 'smollm2-135m-instruct': ['models-list', ...CHAT, 'completions-basic'], 'all-minilm-l6-v2': ['models-list', 'embeddings-basic'] } as const;
/** On the surfaces that each model serves; the other's answer 400. */
const SURFACES = { 'smollm2-135m-instruct': ['models', 'chat', 'completions'], 'all-minilm-l6-v2': ['models', 'embeddings'] } as const;

interface Report {
  conformance: { results: { id: string; surface: string; outcome: string; failures?: { severity: string; message: string }[] }[] };
}

/** The whole probe, at its full depth: three to six minutes on two cores, half of them for what the model can do, which is not judged here. */
test.each(['smollm2-135m-instruct', 'all-minilm-l6-v2'] as const)('llmprobe 0.6.12, unmodified, finds no MUST failure: %s', probe, 900_000);

async function probe(model: keyof typeof CHECKS): Promise<void> {
  await using server = await startRealServer();
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-llmprobe-'));
  const report = join(folder, 'report.json');
  try {
    const order = [`${server.url}/v1`, '-k', server.key, '-m', model, '--full', '--no-bench', '--no-save', '--no-color', '--save', report];
    // Its exit code judges the model too.
    await promisify(execFile)(process.execPath, [LLMPROBE, ...order], { maxBuffer: 1e8, env: { ...process.env, HOME: folder } }).catch(() => undefined);
    const { results } = (JSON.parse(readFileSync(report, 'utf8')) as Report).conformance;
    const served: readonly string[] = SURFACES[model];
    const ours = results.filter(({ surface }) => served.includes(surface));
    const failed = ours.flatMap(({ id, failures = [] }) => failures.filter(({ severity }) => severity === 'MUST').map(({ message }) => `${id}: ${message}`));
    expect(failed).toEqual([]);
    const passed = new Set(ours.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id));
    expect(CHECKS[model].filter((id) => !passed.has(id))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
