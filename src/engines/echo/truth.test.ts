import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { echoManifest } from '../../../tests/harness.ts';
import type { GenerateRequest } from '../engine.ts';
import { createEchoEngine } from './echo-engine.ts';
import { withTruth } from './truth.ts';

const SAMPLING = { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map<number, number>(), stop: [], cacheSalt: '' };
const saying = (text: string, requestId: string): GenerateRequest => ({ ...SAMPLING, prompt: { type: 'text', text }, format: { type: 'text' }, requestId });

test('what an engine did is in the file by the time it is done: whole, cut or failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-truth-'));
  const file = join(folder, 'truth.jsonl');
  const engine = withTruth(createEchoEngine({ manifest: echoManifest() }), file);
  const never = new AbortController().signal;
  await engine.generate(saying('tag-1 two three', 'req_1'), () => undefined, never);
  const leave = new AbortController();
  await engine.generate(saying('tag-2 two three', 'req_2'), () => leave.abort(), leave.signal);
  await expect(engine.generate(saying('tag-3 two [[error:500]]', 'req_3'), () => undefined, never)).rejects.toThrow('scripted failure');
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { event: 'begin', id: 'req_1', tag: 'tag-1' },
    { event: 'end', id: 'req_1', whole: true, promptTokens: 3, completionTokens: 3 },
    { event: 'begin', id: 'req_2', tag: 'tag-2' },
    { event: 'end', id: 'req_2', whole: false, promptTokens: 3, completionTokens: 1 },
    { event: 'begin', id: 'req_3', tag: 'tag-3' },
    { event: 'end', id: 'req_3', whole: false, promptTokens: 0, completionTokens: 2 },
  ]);
  rmSync(folder, { recursive: true, force: true });
});
