import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import type { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, RevisionRoute } from '../../contract/feeds.ts';
import type { Lane, Outcome } from './lane.ts';
import type { ForeignServers } from '../ports.ts';
import { DeploymentQueue, type Entry } from './queue.ts';

const SLOTS = 64;

function route(replicas: number): DeploymentRoute {
  const revision: RevisionRoute = {
    id: 'r',
    model: 'm',
    version: 1,
    weight: 100,
    task: 'chat',
    dialect: 'openai',
    platform: 'test',
    signature: undefined,
    maxBatchSize: 1,
    contextLength: undefined,
    state: 'ready',
    reason: '',
    replicas: Array.from({ length: replicas }, (_, index) => ({ id: `replica-${index}`, address: { socket: `/nowhere/${index}` }, slots: SLOTS })),
  };
  return { name: 'm', orgId: 'o', orgName: 'acme', createdAtMs: 0, revisions: [revision] };
}

/** A queue whose replicas end each call as `outcomes` says, at once. */
/** No replica here is somebody else's. */
const NOBODY: ForeignServers = { connect: () => Promise.reject(new Error('nobody')), credential: () => undefined };

class Rig {
  readonly clock = new FakeClock();
  readonly queue: DeploymentQueue;
  /** Calls that each replica was sent. */
  readonly sent: Record<string, number> = {};
  readonly refusals: Fault[] = [];
  /** Not ended yet. */
  readonly held: (() => void)[] = [];
  hold = false;
  outcomes: Readonly<Record<string, Outcome>> = {};

  constructor(replicas: number) {
    this.queue = new DeploymentQueue(route(replicas), { clock: this.clock, entriesMax: 256, wake: () => undefined, foreign: NOBODY });
  }

  call(count = 1): void {
    for (let index = 0; index < count; index++) {
      const entry: Entry = {
        revision: 'r',
        rows: 1,
        isAlone: false,
        batchKey: undefined,
        avoid: new Set(),
        tenant: 't',
        isBackground: false,
        attempt: 1,
        arrivedAt: this.clock.monotonic(),
        pinned: false,
        charged: 0,
        start: (lane) => this.#serve(lane, entry),
        refuse: (fault) => this.refusals.push(fault),
      };
      this.queue.add(entry);
    }
  }

  #serve(lane: Lane, entry: Entry): void {
    const { id } = lane.replica;
    this.sent[id] = (this.sent[id] ?? 0) + 1;
    const end = () => this.queue.free(lane, [entry], 1, this.outcomes[id] ?? 'served');
    if (this.hold) this.held.push(end);
    else queueMicrotask(end);
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('replicas that fail', () => {
  test('S9: one of five that fails five times in a row is sent nothing for 30 s, then 60 s, at most 300 s', async () => {
    const rig = new Rig(5);
    rig.outcomes = { 'replica-0': 'failed' };
    const callAll = async () => {
      for (let index = 0; index < 60; index++) {
        rig.call(5);
        await settle();
      }
    };
    await callAll();
    expect(rig.sent['replica-0']).toBe(5);
    expect(rig.sent['replica-1']).toBeGreaterThan(5);
    for (const seconds of [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300]) {
      const before = rig.sent['replica-0'] ?? 0;
      await rig.clock.advance(seconds * 1_000 - 1);
      await callAll();
      expect(rig.sent['replica-0'], `before ${seconds} s`).toBe(before);
      await rig.clock.advance(1);
      await callAll();
      expect(rig.sent['replica-0'], `after ${seconds} s`).toBe(before + 1);
    }
  });

  test('S9: when all fail, half of them at most rest: the others are still asked', async () => {
    const rig = new Rig(4);
    rig.outcomes = Object.fromEntries([0, 1, 2, 3].map((index) => [`replica-${index}`, 'failed' as const]));
    for (let index = 0; index < 100; index++) {
      rig.call(4);
      await settle();
    }
    const counts = Object.values(rig.sent).toSorted((a, b) => a - b);
    expect(counts.slice(0, 2)).toEqual([5, 5]);
    expect(counts[3]).toBeGreaterThan(50);
    expect(rig.refusals).toEqual([]);
  });

  test('S10: after its rest one call is let through, however many wait; when that is served, all are', async () => {
    const rig = new Rig(2);
    rig.outcomes = { 'replica-0': 'failed' };
    for (let index = 0; index < 20; index++) {
      rig.call(2);
      await settle();
    }
    expect(rig.sent['replica-0']).toBe(5);
    await rig.clock.advance(30_000);
    rig.outcomes = {};
    rig.hold = true;
    rig.call(SLOTS + 50);
    expect(rig.sent['replica-0']).toBe(6);
    rig.hold = false;
    for (const end of rig.held.splice(0)) end();
    await settle();
    rig.call(50);
    await settle();
    expect(rig.sent['replica-0']).toBeGreaterThan(7);
  });

  test('S8: after a 429 with Retry-After: 7 nothing is sent for 7 s; calls that come meanwhile are told how long', async () => {
    const rig = new Rig(1);
    rig.outcomes = { 'replica-0': { retryAfterMs: 7_000 } };
    rig.call();
    await settle();
    rig.outcomes = {};
    rig.call();
    expect(rig.refusals).toMatchObject([{ code: 'upstream_resting', retryAfterSeconds: 7 }]);
    await rig.clock.advance(6_000);
    rig.call();
    expect(rig.sent['replica-0']).toBe(1);
    await rig.clock.advance(999);
    expect(rig.sent['replica-0']).toBe(1);
    await rig.clock.advance(1);
    expect(rig.sent['replica-0']).toBe(2);
    expect(rig.refusals.length).toBe(1);
  });
});
