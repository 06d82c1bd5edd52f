import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asksToken, fill } from './command-template.ts';

const FILLING = { host: '127.0.0.1', port: '9', file: '/f', folder: '/d', token: 't', threads: '2', model: 'm' };

test('each part stays one argument, and only known names are filled', () => {
  expect(fill(['serve', '--port={port}', '{file}', '{other}', '{{host}}'], FILLING)).toEqual(['serve', '--port=9', '/f', '{other}', '{127.0.0.1}']);
});

test('whatever is put in is put in as it is: nothing in it is filled again, or split', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (model) => {
      expect(fill(['a {model} b'], { ...FILLING, model })).toEqual([`a ${model} b`]);
    }),
  );
});

test('a template asks for the secret when it has a place for it', () => {
  expect(asksToken({ command: ['x', '{token}'], dialect: 'openai' })).toBe(true);
  expect(asksToken({ command: ['x'], dialect: 'openai', environment: { KEY: '{token}' } })).toBe(true);
  expect(asksToken({ command: ['x'], dialect: 'openai' })).toBe(false);
});
