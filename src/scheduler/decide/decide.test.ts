import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDegraded, retryAt } from './crashes.ts';
import { decide } from './decide.ts';
import { type Load, NO_LOAD, type Node, type RunningReplica, type WantedReplicas, type World } from './world.ts';

const GIB = 1_073_741_824;
const node = (id = 'n', more: Partial<Node> = {}): Node => ({ id, memoryBytes: 4 * GIB, threads: 8, ...more });
const revision = (id: string, more: Partial<WantedReplicas> = {}): WantedReplicas => ({
  id,
  deployment: id,
  digest: `sha256:${id}`,
  replicasMin: 1,
  replicasMax: 1,
  targetConcurrency: 4,
  priority: 0,
  idleMs: 300_000,
  memoryBytes: GIB,
  threads: 1,
  loadMs: 1_000,
  ...more,
});
const replica = (of: string, more: Partial<RunningReplica> = {}): RunningReplica => ({
  id: `${of}-1`,
  revision: of,
  node: 'n',
  state: 'ready',
  since: 0,
  memoryBytes: GIB,
  ...more,
});
const load = (more: Partial<Load>): Load => ({ ...NO_LOAD, ...more });
const world = (more: Partial<World>): World => ({ nodes: [node()], revisions: [], replicas: [], crashes: new Map(), load: new Map(), ...more });
const NOW = 1_000_000;
const short = (actions: ReturnType<typeof decide>) =>
  actions.map((action) => {
    if (action.type === 'start') return `start ${action.revision} on ${action.node}`;
    return action.type === 'stop' ? `stop ${action.replica}` : `${action.type} ${action.revision}`;
  });

describe('what is wanted', () => {
  test('what is wanted and not there is started, what is there and not wanted is stopped', () => {
    expect(short(decide(world({ revisions: [revision('new')], replicas: [replica('old')] }), NOW))).toEqual(['stop old-1', 'start new on n']);
  });

  test('a replica that is starting counts; one that is stopping does not', () => {
    const revisions = [revision('a')];
    expect(decide(world({ revisions, replicas: [replica('a', { state: 'starting' })] }), NOW)).toEqual([]);
    expect(short(decide(world({ revisions, replicas: [replica('a', { state: 'stopping' })] }), NOW))).toEqual(['start a on n']);
  });

  const ends = (...times: readonly number[]) => times.map((at) => ({ at, servedMs: 0 }));

  test('S34: an engine that had served for a while is replaced after a second, however many were before it', () => {
    const served = ends(0, 1, 2, 3).concat({ at: 40_000, servedMs: 30_000 });
    expect(retryAt(served, 40_000)).toBe(41_000);
    expect(retryAt([...served, ...ends(42_000)], 42_000)).toBe(43_000);
    expect(retryAt([...served, ...ends(42_000, 44_000)], 44_000)).toBe(46_000);
  });

  test('S17: after crashes it waits 1, 2, 4 … 60 s, and five in five minutes are degraded', () => {
    const crashed = world({ revisions: [revision('a')], crashes: new Map([['a', ends(1_000)]]) });
    expect(decide(crashed, 1_999)).toEqual([]);
    expect(short(decide(crashed, 2_000))).toEqual(['start a on n']);
    expect(retryAt(ends(0, 1, 2), 3)).toBe(2 + 4_000);
    expect(retryAt(ends(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 10)).toBe(10 + 60_000);
    expect(isDegraded(ends(1, 2, 3, 4), 5)).toBe(false);
    expect(isDegraded(ends(1, 2, 3, 4, 5), 6)).toBe(true);
    expect(isDegraded(ends(1, 2, 3, 4, 5), 400_000)).toBe(false);
  });
});

describe('how many', () => {
  const scaling = revision('a', { replicasMin: 0, replicasMax: 5, targetConcurrency: 4 });
  const decided = (replicas: readonly RunningReplica[], its: Partial<Load>, now = NOW) =>
    short(decide(world({ revisions: [scaling], replicas, load: new Map([['a', load(its)]]) }), now));

  test('nobody calls: none; somebody waits: one', () => {
    expect(decided([], {})).toEqual([]);
    expect(decided([], { waiting: 1, waitingSince: NOW })).toEqual(['start a on n']);
  });

  test('the mean over 60 s decides, and the maximum holds', () => {
    expect(decided([replica('a')], { running: 4, stableConcurrency: 8.5, panicConcurrency: 4 })).toEqual(['start a on n', 'start a on n']);
    expect(decided([replica('a')], { running: 4, stableConcurrency: 100, panicConcurrency: 4 })).toHaveLength(3);
  });

  test('in a burst the mean over 6 s decides, and nothing is taken away', () => {
    expect(decided([replica('a')], { running: 4, stableConcurrency: 2, panicConcurrency: 12 })).toHaveLength(2);
    const three = ['1', '2', '3'].map((id) => replica('a', { id }));
    expect(decided(three, { running: 12, stableConcurrency: 1, panicConcurrency: 24 })).toEqual(['start a on n']);
    expect(decided(three, { running: 11, stableConcurrency: 1, panicConcurrency: 24 })).toEqual([]);
  });

  test('P14: many calls at once for what is not loaded are worth one replica, until that one has served for 2 s and they still wait', () => {
    const many = { waiting: 50, waitingSince: NOW - 9_000, stableConcurrency: 8, panicConcurrency: 50 };
    expect(decided([], many)).toEqual(['start a on n']);
    expect(decided([replica('a', { state: 'starting', since: NOW - 9_000 })], many)).toEqual([]);
    expect(decided([replica('a', { since: NOW - 1_999 })], many)).toEqual([]);
    expect(decided([replica('a', { since: NOW - 2_000 })], { running: 3, stableConcurrency: 8, panicConcurrency: 50 })).toEqual([]);
    expect(decided([replica('a', { since: NOW - 2_000 })], many)).toHaveLength(3);
  });

  test('what is no longer called goes after its idle time, the youngest first while some calls are left', () => {
    const two = [replica('a', { id: 'old', since: 1 }), replica('a', { id: 'young', since: 2 })];
    expect(decided(two, { running: 1, stableConcurrency: 3, panicConcurrency: 1, lastCallAt: NOW })).toEqual(['stop young']);
    expect(decided([replica('a')], { lastCallAt: NOW - 299_000 })).toEqual([]);
    expect(decided([replica('a')], { lastCallAt: NOW - 300_000 })).toEqual(['stop a-1']);
  });
});

describe('where', () => {
  test('S21: of two that each fit but not together exactly one is started', () => {
    const revisions = [revision('a', { memoryBytes: 3 * GIB }), revision('b', { memoryBytes: 3 * GIB })];
    expect(short(decide(world({ revisions }), NOW))).toEqual(['start a on n']);
    expect(decide(world({ revisions, replicas: [replica('a', { state: 'starting', memoryBytes: 3 * GIB })] }), NOW)).toEqual([]);
  });

  test('files that are there already come first, then spreading out, then idle threads', () => {
    const nodes = [node('x'), node('y', { warm: new Set(['sha256:a']) }), node('z', { threads: 16 })];
    expect(short(decide(world({ nodes, revisions: [revision('a')] }), NOW))).toEqual(['start a on y']);
    expect(short(decide(world({ nodes, revisions: [revision('b', { replicasMin: 3, replicasMax: 3 })] }), NOW)).toSorted()).toEqual([
      'start b on x',
      'start b on y',
      'start b on z',
    ]);
    expect(short(decide(world({ nodes, revisions: [revision('c')] }), NOW))).toEqual(['start c on z']);
  });
});

describe('who goes', () => {
  const full = [replica('a', { memoryBytes: 2 * GIB }), replica('b', { memoryBytes: 2 * GIB })];
  const revisions = (more: Partial<WantedReplicas> = {}) => [
    revision('a', { memoryBytes: 2 * GIB }),
    revision('b', { memoryBytes: 2 * GIB }),
    revision('c', { memoryBytes: 2 * GIB, ...more }),
  ];
  const waits = (waitedMs: number): [string, Load] => ['c', load({ waiting: 1, waitingSince: NOW - waitedMs })];

  test('nobody waits: nobody goes', () => {
    expect(decide(world({ revisions: revisions(), replicas: full }), NOW)).toEqual([]);
  });

  test('a call waits: the one that was not called for longest goes, or the one that loads faster', () => {
    const calledAt = (a: number, b: number) => new Map([waits(0), ['a', load({ lastCallAt: NOW - a })], ['b', load({ lastCallAt: NOW - b })]]);
    expect(short(decide(world({ revisions: revisions(), replicas: full, load: calledAt(5_000, 60_000) }), NOW))).toEqual(['stop b-1']);
    expect(short(decide(world({ revisions: revisions(), replicas: full, load: calledAt(60_000, 5_000) }), NOW))).toEqual(['stop a-1']);
    const [a, ...rest] = revisions();
    const slow = [{ ...(a as WantedReplicas), loadMs: 60_000 }, ...rest];
    expect(short(decide(world({ revisions: slow, replicas: full, load: calledAt(30_000, 5_000) }), NOW))).toEqual(['stop b-1']);
  });

  test('once one is going, the call waits for it, and then its model is started', () => {
    const going = [replica('a', { memoryBytes: 2 * GIB }), replica('b', { memoryBytes: 2 * GIB, state: 'stopping' })];
    expect(decide(world({ revisions: revisions(), replicas: going, load: new Map([waits(5_000)]) }), NOW)).toEqual([]);
    expect(short(decide(world({ revisions: revisions(), replicas: going.slice(0, 1), load: new Map([waits(5_000)]) }), NOW))).toEqual(['start c on n']);
  });

  test('one that is called goes only when the call has waited for a while, and one of higher priority never', () => {
    const busy = (waitedMs: number) => new Map([waits(waitedMs), ['a', load({ running: 1, lastCallAt: NOW })], ['b', load({ running: 3, lastCallAt: NOW })]]);
    expect(decide(world({ revisions: revisions(), replicas: full, load: busy(1_000) }), NOW)).toEqual([]);
    expect(short(decide(world({ revisions: revisions(), replicas: full, load: busy(2_000) }), NOW))).toEqual(['stop a-1']);
    expect(decide(world({ revisions: revisions({ priority: -1 }), replicas: full, load: busy(9_000) }), NOW)).toEqual([]);
  });

  test('a rollout’s new revision is given room too', () => {
    expect(short(decide(world({ revisions: revisions({ urgentSince: NOW - 3_000 }), replicas: full }), NOW))).toEqual(['stop a-1']);
  });
});

describe('what is called more than it can serve', () => {
  const GROWING = { memoryBytes: 2 * GIB, replicasMax: 4 };
  const two = [revision('hot', GROWING), revision('other', { memoryBytes: 2 * GIB })];
  const full = [replica('hot', { memoryBytes: 2 * GIB }), replica('other', { memoryBytes: 2 * GIB })];
  const hot = (waitedMs: number, more: Partial<Load> = {}) =>
    load({ waiting: 8, running: 4, waitingSince: NOW - waitedMs, lastCallAt: NOW, stableConcurrency: 12, panicConcurrency: 12, ...more });
  const decided = (its: Load, others: Partial<Load>, more: Partial<World> = {}) =>
    short(
      decide(
        world({
          revisions: two,
          replicas: full,
          load: new Map([
            ['hot', its],
            ['other', load(others)],
          ]),
          ...more,
        }),
        NOW,
      ),
    );

  test('once its calls have waited for 2 s it gets the memory of what has not been called for 10 s, one replica at a time', () => {
    expect(decided(hot(2_000), { lastCallAt: NOW - 10_000 })).toEqual(['stop other-1']);
    expect(decided(hot(1_999), { lastCallAt: NOW - 10_000 })).toEqual([]);
    expect(decided(hot(2_000), { lastCallAt: NOW - 9_999 })).toEqual([]);
    const three = [...full, replica('third', { memoryBytes: 2 * GIB })];
    const more = { nodes: [node('n', { memoryBytes: 6 * GIB })], revisions: [...two, revision('third', { memoryBytes: 2 * GIB })], replicas: three };
    expect(decided(hot(9_000), { lastCallAt: NOW - 10_000 }, more)).toEqual(['stop third-1']);
  });

  test('not of what is being called, however long it waits, nor of what has a higher priority', () => {
    expect(decided(hot(60_000), { running: 1, lastCallAt: NOW - 60_000 })).toEqual([]);
    expect(decided(hot(60_000), { lastCallAt: NOW - 60_000 }, { revisions: [revision('hot', GROWING), revision('other', { memoryBytes: 2 * GIB, priority: 1 })] })).toEqual([]);
  });

  test('not while another replica of it is being loaded, nor beyond what its load asks for or its maximum', () => {
    const starting = [...full, replica('hot', { id: 'hot-2', memoryBytes: 2 * GIB, state: 'starting', since: NOW })];
    expect(decided(hot(9_000), { lastCallAt: NOW - 60_000 }, { nodes: [node('n', { memoryBytes: 6 * GIB })], replicas: starting })).toEqual([]);
    expect(decided(hot(9_000, { stableConcurrency: 4, panicConcurrency: 4 }), { lastCallAt: NOW - 60_000 })).toEqual([]);
    expect(decided(hot(9_000), { lastCallAt: NOW - 60_000 }, { revisions: [revision('hot', { ...GROWING, replicasMax: 1 }), ...two.slice(1)] })).toEqual([]);
  });

  test('what is not there at all comes first', () => {
    const revisions = [...two, revision('cold', { memoryBytes: 2 * GIB, replicasMin: 0 })];
    const loads = new Map([
      ['hot', hot(60_000)],
      ['other', load({ lastCallAt: NOW - 60_000 })],
      ['cold', load({ waiting: 1, waitingSince: NOW, lastCallAt: NOW })],
    ]);
    const actions = decide(world({ revisions, replicas: full, load: loads }), NOW);
    expect(actions).toEqual([{ type: 'stop', replica: 'other-1', reason: 'cold is called and needs its memory' }]);
  });
});

describe('P18: a decision stays short', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

  test('at most 1,000 are started at once, those first whose calls wait', () => {
    const revisions = names(1_500).map((id) => revision(id, { memoryBytes: 1 }));
    const actions = short(decide(world({ revisions, load: new Map([['r1499', load({ waiting: 1, waitingSince: NOW })]]) }), NOW));
    expect(actions).toHaveLength(1_000);
    expect(actions[0]).toBe('start r1499 on n');
  });

  test('at most 256 are sent away at once, and the rest follow, the longest waiting first', () => {
    const loaded = names(300).map((id) => replica(id, { memoryBytes: 1 }));
    const cold = names(600).slice(300);
    const revisions = names(600).map((id) => revision(id, { memoryBytes: 1, replicasMin: 0 }));
    const loads = new Map(cold.map((id, index) => [id, load({ waiting: 1, waitingSince: NOW - index, lastCallAt: NOW })]));
    for (const id of names(300)) loads.set(id, load({ lastCallAt: NOW - 20_000 }));
    const first = decide(world({ nodes: [node('n', { memoryBytes: 300 })], revisions, replicas: loaded, load: loads }), NOW);
    expect(first.every(({ type }) => type === 'stop')).toBe(true);
    expect(first).toHaveLength(256);
    const stopping = new Set(first.flatMap((action) => (action.type === 'stop' ? [action.replica] : [])));
    const then = loaded.map((one): RunningReplica => (stopping.has(one.id) ? { ...one, state: 'stopping' } : one));
    expect(decide(world({ nodes: [node('n', { memoryBytes: 300 })], revisions, replicas: then, load: loads }), NOW)).toHaveLength(44);
    const left = then.filter(({ state }) => state === 'ready');
    const started = short(decide(world({ nodes: [node('n', { memoryBytes: 300 })], revisions, replicas: left, load: loads }), NOW)).filter((action) => action.startsWith('start'));
    expect(started).toHaveLength(256);
    expect(started[0]).toBe('start r599 on n');
  });

  test('what finds no room, or nobody who may go, does not keep a smaller one or one of higher priority from it', () => {
    const revisions = [
      revision('loaded', { memoryBytes: 2 * GIB }),
      revision('giant', { memoryBytes: 9 * GIB, priority: 2 }),
      revision('urgent', { memoryBytes: 3 * GIB, priority: 0 }),
      revision('small', { memoryBytes: GIB, priority: -1 }),
    ];
    const loads = new Map(['giant', 'urgent', 'small'].map((id) => [id, load({ waiting: 1, waitingSince: NOW - 9_000 })]));
    const decided = (priority: number) =>
      short(
        decide(
          world({
            nodes: [node('n', { memoryBytes: 3 * GIB })],
            revisions: revisions.with(0, revision('loaded', { memoryBytes: 2 * GIB, priority })),
            replicas: [replica('loaded', { memoryBytes: 2 * GIB })],
            load: loads,
          }),
          NOW,
        ),
      );
    expect(decided(0)).toEqual(['stop loaded-1']);
    expect(decided(1)).toEqual(['start small on n']);
  });
});

test('whatever the world: no node is ever given more than its memory, and nothing is started twice or stopped twice', () => {
  const worlds = fc.record({
    nodes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    revisions: fc.array(
      fc.record({
        memory: fc.integer({ min: 1, max: 5 }),
        min: fc.integer({ min: 0, max: 2 }),
        extra: fc.integer({ min: 0, max: 3 }),
        priority: fc.integer({ min: 0, max: 1 }),
        waiting: fc.integer({ min: 0, max: 9 }),
        running: fc.integer({ min: 0, max: 9 }),
      }),
      {
        maxLength: 8,
      },
    ),
    steps: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(worlds, ({ nodes, revisions, steps }) => {
      const wanted = revisions.map(({ memory, min, extra, priority }, index) =>
        revision(`r${index}`, { memoryBytes: memory * GIB, replicasMin: min, replicasMax: Math.max(1, min + extra), priority }),
      );
      const loads = new Map(
        revisions.map(({ waiting, running }, index) => [`r${index}`, load({ waiting, running, waitingSince: 0, lastCallAt: NOW, stableConcurrency: waiting + running })]),
      );
      const places = nodes.map((memory, index) => node(`n${index}`, { memoryBytes: memory * GIB }));
      let replicas: RunningReplica[] = [];
      for (let step = 0; step < steps; step++) {
        const now = NOW + step * 10_000;
        const actions = decide(world({ nodes: places, revisions: wanted, replicas, load: loads }), now);
        const stopped = actions.flatMap((action) => (action.type === 'stop' ? [action.replica] : []));
        expect(new Set(stopped).size).toBe(stopped.length);
        replicas = replicas.map((one) =>
          stopped.includes(one.id) ? { ...one, state: 'stopping' as const } : { ...one, state: one.state === 'starting' ? ('ready' as const) : one.state },
        );
        for (const [index, action] of actions.entries()) {
          if (action.type === 'start')
            replicas.push(
              replica(action.revision, {
                id: `${step}-${index}`,
                node: action.node,
                state: 'starting',
                since: now,
                memoryBytes: wanted.find(({ id }) => id === action.revision)?.memoryBytes ?? 0,
              }),
            );
        }
        for (const place of places)
          expect(replicas.filter((one) => one.node === place.id).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)).toBeLessThanOrEqual(place.memoryBytes);
        for (const one of wanted) expect(replicas.filter((it) => it.revision === one.id && it.state !== 'stopping').length).toBeLessThanOrEqual(one.replicasMax);
        replicas = replicas.filter(({ state }) => state !== 'stopping');
      }
    }),
  );
});
