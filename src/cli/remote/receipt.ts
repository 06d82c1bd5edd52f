import { readFile, writeFile } from 'node:fs/promises';
import { Modelyard } from '@modelyard/sdk';
import type { Command } from 'commander';
import { Fault, invalid } from '../../contract/errors.ts';
import { type SignedReceipt, verifyReceipt } from '../../contract/receipt.ts';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { asFault, remoteOptions, type Session, withSession } from './session.ts';

const HELP = `
A call's id is in its answer's x-request-id header, and in "modelyard usage --calls".

Examples:
  modelyard receipt get req_01j9… --out receipt.json
  modelyard receipt key > receipts.pem
  modelyard receipt verify receipt.json --key receipts.pem`;

/** `modelyard receipt get|verify|key` */
export function addReceipt(program: Command): void {
  const receipt = program.command('receipt').description('what a call used and cost, signed; and whether that is right').addHelpText('after', HELP);
  remoteOptions(receipt.command('get'))
    .description('print the receipt of a call')
    .argument('<id>', "the call's")
    .option('--out <file>', 'write it to a file, for "receipt verify"')
    .action(withSession(getReceipt));
  remoteOptions(receipt.command('key'))
    .description('print the public key that receipts are verified with')
    .action(withSession(async ({ api, print }: Session) => print(await api.get('/api/v1/receipts/key'), ({ publicKey }) => publicKey.trimEnd())));
  receipt
    .command('verify')
    .description('recompute a receipt and check its signature; nothing is sent anywhere with --key')
    .argument('<file>', 'what "receipt get" has written')
    .option('--key <file>', "the installation's public key")
    .option('--url <address>', 'the server to ask for the key in its place')
    .option('--json', 'print JSON for programs')
    .action(verify);
}

async function getReceipt({ api, print, columns }: Session, id: string, { out }: { out?: string }): Promise<void> {
  const document = await api.get('/api/v1/receipts/{requestId}', { params: { requestId: id } });
  if (out !== undefined) await writeFile(out, `${JSON.stringify(document, null, 2)}\n`);
  print(document, (signed) => receiptText(signed, columns));
}

function receiptText({ receipt, key }: SignedReceipt, columns: number): string {
  const { currency = '' } = receipt.price ?? {};
  const head = [
    `${receipt.id}  ${timeText(receipt.startedAt)}  ${receipt.status}${receipt.estimated ? ', counted by the gateway' : ''}`,
    `${receipt.deployment} (${receipt.model}:${receipt.version}), ${receipt.operation}, for ${receipt.organisation}`,
    receipt.price ? `price ${receipt.price.version}` : 'not priced',
  ];
  const rows = receipt.lines.map(({ unit, quantity, rate, per }) => [unit, quantity, rate, per]);
  const total = `total ${receipt.total} ${currency}`.trimEnd() + (/[1-9]/.test(receipt.refunded) ? `, of which ${receipt.refunded} was refunded` : '');
  const chain = receipt.chain ? [`transaction ${receipt.chain.seq} of the book, ${receipt.chain.hash.slice(0, 16)}…`] : [];
  return [...head, ...(rows.length > 0 ? ['', table(['UNIT', 'USED', 'RATE', 'PER'], rows, columns), ''] : []), total, ...chain, `signed by the key ${key}`].join('\n');
}

interface VerifyFlags {
  readonly key?: string;
  readonly url?: string;
  readonly json?: boolean;
}

async function verify(file: string, { key, url, json }: VerifyFlags): Promise<void> {
  if ((key === undefined) === (url === undefined)) throw invalid('Give the public key with --key FILE, or the server that has it with --url ADDRESS.');
  const document = parsed(await readText(file), file);
  const faults = verifyReceipt(document, key === undefined ? await keyOf(url ?? '') : await readText(key));
  const { receipt } = document as SignedReceipt;
  const text =
    faults.length === 0
      ? `✓ ${receipt.id}: ${receipt.total} ${receipt.price?.currency ?? ''} is right, and signed`.replace('  ', ' ')
      : faults.map((fault) => `✗ ${fault}`).join('\n');
  process.stdout.write(`${json ? JSON.stringify({ valid: faults.length === 0, faults }, null, 2) : text}\n`);
  if (faults.length > 0) throw new Fault('conflict', 'bad_receipt', `The receipt in ${file} is not right: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}.`);
}

async function keyOf(url: string): Promise<string> {
  try {
    return (await new Modelyard({ url, key: '' }).get('/api/v1/receipts/key')).publicKey;
  } catch (error) {
    throw asFault(error);
  }
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Fault('not_found', 'no_file', `${file} can not be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`);
  });
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${file} is not JSON; a receipt is what "modelyard receipt get --out FILE" writes.`);
  }
}
