import { expect, test } from 'vitest';
import { lineSplitter, qmpCall, qmpMessage } from '../../../../src/boot/qmp/message.ts';

test.each([
  [
    '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}}',
    { kind: 'greeting', version: '7.2.22' },
  ],
  ['{"return": {}, "id": 3}', { kind: 'return', id: 3, value: {} }],
  ['{"return": null, "id": 0}', { kind: 'return', id: 0, value: null }],
  [
    '{"id": 7, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}',
    { kind: 'error', id: 7, class: 'CommandNotFound', description: 'The command nope has not been found' },
  ],
  [
    '{"error": {"class": "GenericError", "desc": "JSON parse error"}}',
    { kind: 'error', id: undefined, class: 'GenericError', description: 'JSON parse error' },
  ],
  [
    '{"timestamp": {"seconds": 10, "microseconds": 500000}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-panic"}}',
    { kind: 'event', event: { name: 'SHUTDOWN', data: { guest: true, reason: 'guest-panic' }, atMs: 10_500 } },
  ],
  [
    '{"timestamp": {"seconds": 1, "microseconds": 1}, "event": "STOP"}',
    { kind: 'event', event: { name: 'STOP', data: {}, atMs: 1000.001 } },
  ],
])('%s', (line, message) => {
  expect(qmpMessage(line)).toEqual(message);
});

test.each(['', 'qemu: hello', '[]', 'null', '{}', '{"return": {}}', '{"return": {}, "id": "a"}', '{"event": 1}', '{"return": {'])(
  'no message: %s',
  (line) => {
    expect(() => qmpMessage(line)).toThrow('no QMP message');
  },
);

test('a call is one line, whatever its words hold', () => {
  const line = qmpCall(4, 'screendump', { filename: '/tmp/a "b"\n,é' });
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({ execute: 'screendump', arguments: { filename: '/tmp/a "b"\n,é' }, id: 4 });
});

test('lines come out whole, wherever the pieces are cut', () => {
  const bytes = Buffer.from('{"é": 1}\r\n\r\n{"two": "ü€"}\r\n{"rest');
  for (let size = 1; size <= bytes.length; size += 1) {
    const split = lineSplitter();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...split(bytes.subarray(at, at + size)));
    expect(lines).toEqual(['{"é": 1}', '{"two": "ü€"}']);
  }
});
