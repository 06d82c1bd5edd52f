import { expect, test } from 'vitest';
import { garbageSettings, gatewaySettings, parseConfigFile } from './config-file.ts';

test('an empty file, and one of comments, set nothing', () => {
  expect(parseConfigFile('')).toEqual({});
  expect(parseConfigFile('# rates will come here\n')).toEqual({});
});

test('what is not YAML, not a map, or not known is refused with its place', () => {
  expect(() => parseConfigFile('a: [1,')).toThrow(/line 1/);
  expect(() => parseConfigFile('- a')).toThrow('map of sections');
  expect(() => parseConfigFile('egres:\n  allow: []')).toThrow('egres');
});

test('a file of aliases that would grow without end is refused', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...['b', 'c', 'd', 'e'].map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcd'[index]}`).join(',')}]`)];
  expect(() => parseConfigFile(lines.join('\n'))).toThrow(/alias/i);
});

test('X12: what egress.allow opens is read at the start; an entry that means nothing is refused by name', () => {
  expect(parseConfigFile('egress:\n  allow: [hooks.corp.internal:8443, 10.0.0.0/8]')).toEqual({ egress: { allow: ['hooks.corp.internal:8443', '10.0.0.0/8'] } });
  expect(() => parseConfigFile('egress:\n  allow: [everything]')).toThrow('"everything" in egress.allow');
  expect(() => parseConfigFile('egress:\n  allow: 10.0.0.0/8')).toThrow('egress.allow');
});

test('X14: a mirror of the Hub is an https URL without a password; garbage is looked for at least once a grace', () => {
  const hub = (endpoint: string) => parseConfigFile(`sources: { hf: { endpoint: '${endpoint}', tokenFile: /t } }`);
  expect(hub('https://mirror.corp/hub').sources).toEqual({ hf: { endpoint: 'https://mirror.corp/hub', tokenFile: '/t' } });
  for (const endpoint of ['http://mirror.corp', 'mirror.corp', 'https://user:secret@mirror.corp', 'https://mirror.corp?x=1', 'file:///x'])
    expect(() => hub(endpoint), endpoint).toThrow('sources.hf.endpoint');
  expect(garbageSettings({})).toEqual({ everyMs: 3_600_000, graceMs: 86_400_000 });
  expect(garbageSettings(parseConfigFile('garbage: { graceSeconds: 60 }'))).toEqual({ everyMs: 60_000, graceMs: 60_000 });
  expect(() => parseConfigFile('garbage: { everySeconds: 61, graceSeconds: 60 }')).toThrow('garbage.everySeconds');
});

test('says how gateways sync and what free plans do without a database', () => {
  expect(gatewaySettings(parseConfigFile('usageLog: { sync: before-answer }\ncredit: { freeWhenUnavailable: true }'))).toEqual({
    usageLogSync: 'before-answer',
    freeWhenUnavailable: true,
  });
  expect(gatewaySettings(parseConfigFile(''))).toEqual({});
  expect(() => parseConfigFile('usageLog: { sync: never }')).toThrow(/sync/);
});
