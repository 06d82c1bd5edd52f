import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { table } from '../terminal.ts';
import { wholeNumber } from './flags.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const EXAMPLES = `
Examples:
  modelyard upstreams set openai https://api.openai.com/v1 --dialect openai --credential-stdin < key.txt
  modelyard upstreams set lab http://10.0.0.7:8080 --dialect oip      # with 10.0.0.7:8080 in egress.allow of modelyard.yaml
  modelyard publish gpt --engine remote:openai --task chat --model gpt-5 --context-length 400000`;

interface SetFlags {
  readonly dialect: string;
  readonly slots?: number;
  readonly binary?: boolean;
  readonly credentialStdin?: boolean;
}

/** `modelyard upstreams list|set|remove` */
export function addUpstreams(program: Command): void {
  const upstreams = program.command('upstreams').description("other people's servers, as the homes of models (operators)");
  remoteOptions(upstreams.command('list', { isDefault: true }))
    .description('list them; credentials are never shown')
    .action(
      withSession(async ({ api, print, columns }: Session) => {
        const { data } = await api.get('/api/v1/upstreams');
        const rows = data.map(({ name, url, dialect, slots, credential: { set, lastFour } }) => [name, url, dialect, slots, set ? `…${lastFour}` : 'none']);
        print(data, () => table(['NAME', 'URL', 'DIALECT', 'SLOTS', 'CREDENTIAL'], rows, columns));
      }),
    );
  remoteOptions(upstreams.command('set'))
    .description('name a server, or set all of one anew')
    .argument('<name>')
    .argument('<address>', "its URL; for OpenAI's dialect with the path in front of /chat/completions")
    .requiredOption('--dialect <dialect>', 'openai, or oip (the Open Inference Protocol v2)')
    .option('--slots <number>', 'calls that it is sent at once', wholeNumber)
    .option('--binary', 'it takes tensors as binary data')
    .option('--credential-stdin', 'read its key from standard input')
    .action(withSession(set));
  remoteOptions(upstreams.command('remove'))
    .description('forget one')
    .argument('<name>')
    .action(
      withSession(async ({ api, print }: Session, name: string) =>
        print(await api.delete('/api/v1/upstreams/{name}', { params: { name } }), () => `The upstream ${name} is forgotten.`),
      ),
    );
  upstreams.addHelpText('after', EXAMPLES);
}

async function set({ api, print }: Session, name: string, url: string, { dialect, slots, binary, credentialStdin }: SetFlags): Promise<void> {
  if (dialect !== 'openai' && dialect !== 'oip') throw new Fault('invalid_argument', 'bad_dialect', `--dialect is "${dialect}"; it must be openai or oip.`);
  const credential = credentialStdin ? (await text(process.stdin)).trim() : undefined;
  const body = {
    url,
    dialect,
    ...(slots !== undefined && { slots }),
    ...(binary !== undefined && { binary }),
    ...(credential !== undefined && { credential }),
  } as const;
  print(
    await api.put('/api/v1/upstreams/{name}', { params: { name }, body }),
    (made) => `The upstream ${made.name} is ${made.url} (${made.dialect}, ${made.credential.set ? 'with a credential' : 'without a credential'}).`,
  );
}
