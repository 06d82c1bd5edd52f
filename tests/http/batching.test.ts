import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeInferRequest, encodeInferReply, OIP_HEADER_LENGTH, parseHeaderLength } from '../../src/contract/oip-binary.ts';
import type { Datatype } from '../../src/contract/tensor.ts';
import { type Harness, startHarness } from '../harness.ts';
import { type FakeForeignUpstream, fakeForeignUpstream, type ForeignAnswer, gauge, usageOf } from './support.ts';

/** A fake tensor server with one slot that answers when it is let, so that what gathers behind it can be seen. */
let modelyard: Harness;
let upstream: FakeForeignUpstream;
let release: (() => void)[] = [];
let batches: number[] = [];
const deadlines: number[] = [];
const cancels = { open: 0 };

const answer: ForeignAnswer = async ({ headers, raw }, response) => {
  const request = decodeInferRequest(raw, parseHeaderLength(String(headers[OIP_HEADER_LENGTH])));
  batches.push(request.inputs[0]?.shape[0] ?? 0);
  deadlines.push(Number(headers['x-modelyard-deadline-ms']));
  cancels.open++;
  await new Promise<void>((resolve) => {
    release.push(resolve);
    response.once('close', resolve);
  });
  cancels.open--;
  const reply = encodeInferReply({ modelName: 'm', outputs: request.inputs.map((input) => ({ ...input, name: 'y' })) }, { outputs: [], binaryOutputDefault: true });
  response.writeHead(200, { [OIP_HEADER_LENGTH]: String(reply.headerLength) }).end(Buffer.concat(reply.chunks));
};
const signature = (datatype: Datatype) => ({ inputs: [{ name: 'x', datatype, shape: [-1] }], outputs: [{ name: 'y', datatype, shape: [-1] }] });

beforeAll(async () => {
  modelyard = await startHarness();
  upstream = await fakeForeignUpstream(modelyard, 'rows', answer, { slots: 1, echo: { task: 'tensor', signature: signature('BYTES'), maxBatchSize: 4 } });
});
afterAll(async () => {
  await modelyard.stop();
  await upstream[Symbol.asyncDispose]();
});

function call(words: readonly string[], options: { signal?: AbortSignal; headers?: Record<string, string>; id?: string; parameters?: object } = {}) {
  const { id, parameters, ...rest } = options;
  const body = { ...(id !== undefined && { id }), ...(parameters && { parameters }), inputs: [{ name: 'x', datatype: 'BYTES', shape: [words.length], data: words }] };
  return modelyard.call('/v2/models/rows/infer', { body, ...rest });
}
const dataOf = async (response: Response) => ((await response.json()) as { outputs: { data: string[] }[] }).outputs[0]?.data;
const waiting = () => expect.poll(() => gauge(modelyard, 'waiting', 'rows'), { interval: 10 });
const started = (count: number) => expect.poll(() => batches.length, { interval: 5 }).toBe(count);
const letGo = () => {
  const all = release;
  release = [];
  for (const resolve of all) resolve();
};
const fresh = () => {
  batches = [];
};

test('a lone call goes at once; those that gather meanwhile are joined up to the batch size, each gets its own rows and id', async () => {
  fresh();
  const first = call(['first']);
  await started(1);
  const behind = [call(['a', 'bb'], { id: 'one' }), call(['', 'żółw'], { id: 'two' }), call(['later'])];
  await waiting().toBe(3);
  letGo();
  await started(2);
  letGo();
  await started(3);
  letGo();
  expect(batches).toEqual([1, 4, 1]);
  expect(await dataOf(await first)).toEqual(['first']);
  const [one, two, later] = await Promise.all(behind);
  expect(await one?.clone().json()).toMatchObject({ id: 'one', model_name: 'rows', outputs: [{ shape: [2] }] });
  expect([await dataOf(one as Response), await dataOf(two as Response), await dataOf(later as Response)]).toEqual([['a', 'bb'], ['', 'żółw'], ['later']]);
  expect((await usageOf(modelyard, 'rows', 4)).map(({ rows }) => rows).toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2]);
});

test("Triton's scheduling parameters are the gateway's, not the model's: calls that differ in them only are joined; timeout is a deadline", async () => {
  fresh();
  const first = call(['first']);
  await started(1);
  const behind = [call(['a'], { parameters: { priority: 1 } }), call(['b'], { parameters: { timeout: 60_000_000 } }), call(['c'], { parameters: { of: 'the model' } })];
  await waiting().toBe(3);
  letGo();
  await started(2);
  letGo();
  await started(3);
  letGo();
  expect(batches).toEqual([1, 2, 1]);
  for (const response of await Promise.all([first, ...behind])) expect(response.status).toBe(200);
  const late = call(['late'], { parameters: { timeout: 50_000 } });
  expect((await late).status).toBe(504);
  letGo();
  for (const parameters of [{ timeout: -1 }, { timeout: 'x' }, { priority: 1.5 }, { sequence_id: 3 }]) {
    const refused = await call(['x'], { parameters });
    expect([refused.status, await refused.text()], JSON.stringify(parameters)).toEqual([400, expect.stringContaining(Object.keys(parameters)[0] ?? '') as string]);
  }
});

test('a member that leaves a batch, or whose deadline passes, is let go at once and does not stop the others', async () => {
  fresh();
  const first = call(['first']);
  await started(1);
  const leave = new AbortController();
  const members = [call(['short'], { headers: { 'x-request-timeout': '1' } }), call(['gone'], { signal: leave.signal }), call(['stays'])];
  members[1]?.catch(() => undefined);
  await waiting().toBe(3);
  letGo();
  await started(2);
  expect(batches).toEqual([1, 3]);
  // The engine works to the latest deadline of the batch, not to its first member's.
  expect(deadlines.at(-1)).toBeGreaterThan(100_000);
  leave.abort();
  const short = await members[0];
  expect(short?.status).toBe(504);
  expect(cancels.open).toBe(1);
  letGo();
  expect(await dataOf((await members[2]) as Response)).toEqual(['stays']);
  expect((await first).status).toBe(200);
  const rows = (await usageOf(modelyard, 'rows', 13)).slice(0, 4);
  expect(rows.map(({ status, rows: count }) => `${status} ${count}`).toSorted()).toEqual(['cancelled 0', 'failed 0', 'ok 1', 'ok 1']);
});

test("C38: the engine's call ends when the last member of a batch has left", async () => {
  fresh();
  const first = call(['first']);
  await started(1);
  const leave = new AbortController();
  const members = [call(['a'], { signal: leave.signal }), call(['b'], { signal: leave.signal })].map((member) => member.catch(() => undefined));
  await waiting().toBe(2);
  letGo();
  await started(2);
  await first;
  leave.abort();
  await Promise.all(members);
  // This fake knows no cancel: its connection is closed after the grace of 1 s.
  await expect.poll(() => cancels.open, { timeout: 3_000 }).toBe(0);
  await expect.poll(() => gauge(modelyard, 'running', 'rows')).toBe(0);
  release = [];
});

test('calls with parameters or other outputs are not joined', async () => {
  fresh();
  const first = call(['first']);
  await started(1);
  const odd = modelyard.call('/v2/models/rows/infer', { body: { parameters: { mine: 1 }, inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], data: ['odd'] }] } });
  const plain = call(['plain']);
  await waiting().toBe(2);
  for (const count of [2, 3]) {
    letGo();
    await started(count);
  }
  letGo();
  expect(batches).toEqual([1, 1, 1]);
  for (const response of await Promise.all([first, odd, plain])) expect(response.status).toBe(200);
});
