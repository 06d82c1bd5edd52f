import { expect, test } from 'vitest';
import { Fault } from '../../contract/errors.ts';
import { ForeignUpstream } from './foreign-upstream.ts';

test('X35: why a server that is not ours can not be reached, with its name, is not what a caller is told', async () => {
  const why = new Fault('invalid_argument', 'egress_refused', 'No answer came from secret-lab.corp.example.');
  const upstream = new ForeignUpstream(
    { url: 'http://secret-lab.corp.example:8000/v1', isOurs: false, model: 'x' },
    { credential: () => undefined, connect: () => Promise.reject(why) },
  );
  const error = await new Promise<Error | undefined>((resolve) => {
    const nothing = () => undefined;
    upstream.send({ path: '/chat/completions', headers: [], body: Buffer.from('{}') }, { begun: nothing, head: nothing, data: nothing, ended: resolve });
  });
  expect(error).not.toBeInstanceOf(Fault);
  expect(error?.message).toBe('no connection');
  expect(error?.cause).toBe(why);
  await upstream.close();
});
