import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderStorage } from './storage.ts';

test('a file closes after what is under way, so that its descriptor is never used by another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-segments-'));
  const storage = await folderStorage(folder);
  for (let i = 1; i <= 20; i++) {
    const name = `${String(i).padStart(16, '0')}.usage`;
    const file = await storage.create(name);
    const underWay = [file.write(Buffer.from('one\n')), file.sync(), file.sync()];
    await file.close();
    await Promise.all(underWay);
    expect((await storage.read(name, 0, 100)).toString()).toBe('one\n');
  }
  expect(await storage.list()).toHaveLength(20);
  rmSync(folder, { recursive: true });
});
