import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { bytesText } from './format.ts';
import { remoteOptions, withSession } from './session.ts';

/** `modelyard nodes` */
export function addNodes(program: Command): void {
  remoteOptions(program.command('nodes'))
    .description('the machines that engines run on (operators)')
    .addHelpText('after', '\nExamples:\n  modelyard nodes\n  modelyard nodes --json')
    .action(
      withSession(async ({ api, print, columns }) => {
        const { data } = await api.get('/api/v1/nodes');
        print(data, (nodes) =>
          table(
            ['NODE', 'THREADS', 'MEMORY', 'RESERVED', 'REPLICAS', 'GPUS'],
            nodes.map(({ id, threads, memoryBytes, reservedBytes, replicas, gpus }) => [
              id,
              threads,
              bytesText(memoryBytes),
              bytesText(reservedBytes),
              replicas,
              gpus.map((gpu) => `${gpu.name} (${bytesText(gpu.usedBytes)} of ${bytesText(gpu.memoryBytes)})`).join(', ') || 'none',
            ]),
            columns,
          ),
        );
      }),
    );
}
