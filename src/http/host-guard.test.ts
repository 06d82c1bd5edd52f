import { expect, test } from 'vitest';
import { createHostGuard } from './host-guard.ts';

test('X39: loopback names and our own pass, with or without a port; all others and none at all are refused', () => {
  const guard = createHostGuard(['models.example']);
  for (const host of ['localhost', 'localhost:1', 'LocalHost', '127.0.0.1:8420', '[::1]', '[::1]:8420', 'models.example', 'Models.Example:443'])
    expect(guard(host), host).toBeUndefined();
  for (const host of [undefined, '', 'evil.example', 'models.example.evil', 'localhost.', 'xlocalhost', '127.0.0.1.nip.io', '169.254.169.254', 'localhost:80:80', '::1']) {
    expect(guard(host)?.kind, host ?? 'none').toBe('permission_denied');
  }
});
