import { invalid } from '../../contract/errors.ts';
import type { ChatRequest } from '../../contract/openai.ts';

/** What means nothing, and is ignored unless a deployment is strict (C10). @throws Fault that names it */
export function checkStrictly({ stream, stream_options: options }: Pick<ChatRequest, 'stream' | 'stream_options'>): void {
  if (options && stream !== true) throw invalid('"stream_options" needs "stream": true.', 'stream_options');
}
