import type { BenchContext } from './bar.ts';
import { type Arm, type Measured, measure } from './rounds.ts';
import { chatLoad, type Peer, PEERS, portkeyLoad, type Rig, startRig } from './rig.ts';
import { checkUsageRows } from './usage-rows.ts';

const CONCURRENCY = 32;
export const AGAIN = ['gateway', 'gateway-again'] as const;
const PEER_OF: Readonly<Record<string, Peer>> = { P1: 'node-proxy', P2: 'undici-proxy', P3: 'portkey' };

/** P1, P2 and P3 compare the same gateway with three peers: measured together, each peer only when its bar was asked for. */
export function proxyRounds(context: BenchContext): Promise<Measured> {
  const known = context.shared.get('proxies') as Promise<Measured> | undefined;
  if (known) return known;
  const peers = PEERS.filter((peer) => Object.entries(PEER_OF).some(([id, name]) => name === peer && context.selected.has(id)));
  const measured = run(peers, context);
  context.shared.set('proxies', measured);
  return measured;
}

async function run(peers: readonly Peer[], context: BenchContext): Promise<Measured> {
  await using rig = await startRig(peers, context);
  const { generator, gateways } = rig;
  const measured = await measure({ arms: chatArms(rig, CONCURRENCY), generator, rounds: context.rounds, seconds: context.seconds });
  return await checkUsageRows(measured, gateways);
}

/** An arm for each gateway and peer that is up, under the same load. */
export function chatArms({ gateways, peers, upstreamPort }: Rig, concurrency: number): Arm[] {
  const ours = Object.entries(gateways).map(([name, { pid, ready }]) => ({ name, pid, load: chatLoad(ready.port, { key: ready.key, concurrency }) }));
  const theirs = [...peers].map(
    ([
      name,
      {
        pid,
        ready: { port },
      },
    ]) => ({ name, pid, load: name === 'portkey' ? portkeyLoad(port, upstreamPort, concurrency) : chatLoad(port, { concurrency }) }),
  );
  const [first, ...again] = ours;
  // The same arm twice with the others between: a drift of the machine shows.
  return first ? [first, ...theirs, ...again] : theirs;
}
