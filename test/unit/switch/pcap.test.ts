import { expect, test } from 'vitest';
import { parseRequest, switchSocket } from '../../../src/switch/control.ts';
import { pcapHeader, pcapRecord } from '../../../src/switch/pcap.ts';

test('a file of packets has the header and the records of pcap-savefile(5)', () => {
  expect(pcapHeader().toString('hex')).toBe(`d4c3b2a1${'02000400'}${'00'.repeat(8)}00000400${'01000000'}`);
  const record = pcapRecord(Buffer.from('0102030405', 'hex'), 1_700_000_001_250.5);
  expect(record.toString('hex')).toBe(`01f15365${'84d20300'}05000000${'05000000'}0102030405`);
});

test.each([
  ['{}', {}],
  ['{"plug":"/run/net0"}', { plug: '/run/net0' }],
  ['{"plug":"/run/net0","pcap":"/tmp/a"}', { plug: '/run/net0', pcap: '/tmp/a' }],
  ['null', undefined],
  ['plug', undefined],
])('the request %s', (line, expected) => {
  expect(parseRequest(line)).toEqual(expected);
});

test('a switch has a name that no machine can have', () => {
  expect(switchSocket('/run/eulab', 'a')).toBe('/run/eulab/.lab.a');
});
