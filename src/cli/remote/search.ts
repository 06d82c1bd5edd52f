import type { Command } from 'commander';
import { PRICE_UNITS, type PriceUnit } from '../../contract/price.ts';
import { table } from '../terminal.ts';
import { wholeNumber, wholeOrZero } from './flags.ts';
import { oneOf, planText } from './price-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const UNITS = Object.keys(PRICE_UNITS) as readonly PriceUnit[];

interface SearchFlags {
  readonly task?: string;
  readonly licence?: string;
  readonly free?: boolean;
  readonly maxPrice?: string;
  readonly unit?: PriceUnit;
  readonly limit?: number;
  readonly offset?: number;
}

/** `modelyard search WORDS` */
export function addSearch(program: Command): void {
  remoteOptions(program.command('search'))
    .description('find models that your organisation may subscribe to')
    .argument('[words...]', 'of name, title, summary, tags, task and licence; all must fit')
    .option('--task <task>', 'chat, embedding or tensor')
    .option('--licence <name>')
    .option('--free', 'only what has a free plan')
    .option('--max-price <amount>', "at most so much by --unit's rate")
    .option('--unit <unit>', UNITS.join(', '), oneOf(UNITS, '--unit'))
    .option('--limit <number>', '20 unless told otherwise', wholeNumber)
    .option('--offset <number>', 'pass over so many', wholeOrZero)
    .addHelpText(
      'after',
      '\nExamples:\n  modelyard search support bot\n  modelyard search --task embedding --free\n  modelyard search --max-price 0.50 --unit output_tokens --json',
    )
    .action(withSession(search));
}

async function search({ api, print, columns }: Session, words: string[], flags: SearchFlags): Promise<void> {
  const { task, licence, free, maxPrice, unit, limit, offset = 0 } = flags;
  const found = await api.get('/api/v1/search', { query: { q: words.length === 0 ? undefined : words.join(' '), task, licence, free, maxPrice, unit, limit, offset } });
  print(found, ({ data, total }) => {
    if (data.length === 0) return total === 0 ? 'Nothing fits.' : `No more: ${total} fit.`;
    const rows = data.flatMap((listing) =>
      listing.plans.map((plan, index) => [
        index === 0 ? listing.deployment : '',
        index === 0 ? listing.title : '',
        index === 0 ? (listing.task ?? '') : '',
        plan.name,
        planText(plan),
      ]),
    );
    const shown = offset + data.length;
    const more = shown < total ? [`\n${shown} of ${total}; go on with --offset ${shown}`] : [];
    return [table(['DEPLOYMENT', 'TITLE', 'TASK', 'PLAN', 'PRICE'], rows, columns), ...more, `\nSubscribe: modelyard subscribe ${data[0]?.deployment ?? 'NAME'}`].join('\n');
  });
}
