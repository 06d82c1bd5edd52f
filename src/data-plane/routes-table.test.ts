import { expect, test } from 'vitest';
import { RoutesTable } from './routes-table.ts';

const feed = (epoch: number, name: string) => ({ epoch, deployments: [{ name, orgId: 'o', orgName: 'acme', createdAtMs: 0, revisions: [] }] });

test('S35: routes of a leader that has been replaced are refused; of a server that does not lead they are its own', () => {
  const table = new RoutesTable();
  expect(table.update(feed(1, 'old'))).toBe(true);
  expect(table.update(feed(2, 'new'))).toBe(true);
  expect(table.update(feed(1, 'stale'))).toBe(false);
  expect(table.find('stale')).toBeUndefined();
  expect(table.find('new')).toBeDefined();
  expect(table.update(feed(0, 'own'))).toBe(true);
});
