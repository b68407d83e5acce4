import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { type Qmp, type QmpEvent, qmp, qmpArgs } from '../../../../src/boot/qmp/qmp.ts';

const greeting = '{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 9}}, "capabilities": []}}\r\n';

/** The other end of a socket: what a test says to us, and the calls that it got. */
interface Other {
  readonly socket: Duplex;
  readonly calls: { execute: string; id: number }[];
  say(...messages: readonly object[]): void;
}

function other(answers: (call: { execute: string; id: number }, say: Other['say']) => void, opening = greeting): Other {
  const calls: Other['calls'] = [];
  const say: Other['say'] = (...messages) =>
    void socket.push(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  const socket = new Duplex({
    read: () => undefined,
    write: (piece, _encoding, done) => {
      const call = JSON.parse(String(piece));
      calls.push(call);
      if (call.execute === 'qmp_capabilities') say({ return: {}, id: call.id });
      else answers(call, say);
      done();
    },
  });
  socket.push(opening);
  return { socket, calls, say };
}

const silent = () => undefined;
const event = (name: string, data = {}) => ({ event: name, data, timestamp: { seconds: 1, microseconds: 0 } });

test('the descriptor is QEMU’s end of the socket', () => {
  expect(qmpArgs(7)).toEqual(['-chardev', 'socket,id=qmp,fd=7', '-mon', 'chardev=qmp,mode=control']);
});

test('calls overlap, and each gets its own answer', async () => {
  const open: { id: number }[] = [];
  const { socket } = other((call, say) => {
    open.push(call);
    if (open.length === 2) say(...open.reverse().map(({ id }) => ({ return: `for ${id}`, id })));
  });
  const control = await qmp(socket);
  expect(await Promise.all([control.execute('one'), control.execute('two')])).toEqual(['for 2', 'for 3']);
  expect(control.version).toBe('9.2.1');
});

test('a refusal has the class and the words of QEMU', async () => {
  const { socket } = other(({ id }, say) => say({ error: { class: 'DeviceNotFound', desc: 'no such device' }, id }));
  const control = await qmp(socket);
  await expect(control.execute('eject')).rejects.toMatchObject({
    message: 'QEMU refused eject: no such device',
    class: 'DeviceNotFound',
    exitCode: 125,
  });
});

test('events of the first moment are told to the listener that was there, and to no other', async () => {
  const early: QmpEvent[] = [];
  const { socket, say } = other(silent);
  say(event('RESUME'));
  const control = await qmp(socket, { onEvent: (one) => early.push(one) });
  const late: QmpEvent[] = [];
  const end = control.listen((one) => late.push(one));
  const stopped = control.next(['STOP']);
  say(event('STOP'));
  await stopped;
  end();
  const reset = control.next(['RESET', 'SHUTDOWN']);
  say(event('RESET'));
  expect((await reset).name).toBe('RESET');
  expect([early, late].map((list) => list.map(({ name }) => name))).toEqual([['RESUME', 'STOP', 'RESET'], ['STOP']]);
});

test('the iterator has the events from its making on, and ends with the socket', async () => {
  const { socket, say } = other(silent);
  const control = await qmp(socket);
  const events = control.events();
  say(event('STOP'), event('SHUTDOWN', { reason: 'guest-panic' }));
  socket.push(null);
  const seen: [string, unknown][] = [];
  for await (const { name, data } of events) seen.push([name, data['reason']]);
  expect(seen).toEqual([
    ['STOP', undefined],
    ['SHUTDOWN', 'guest-panic'],
  ]);
  for await (const _ of control.events()) throw new Error('an event of a closed socket');
});

test('the iterator ends with its signal', async () => {
  const { socket } = other(silent);
  const control = await qmp(socket);
  const limit = new AbortController();
  const events = control.events({ signal: limit.signal });
  setImmediate(() => limit.abort());
  for await (const _ of events) throw new Error('there was no event');
  for await (const _ of control.events({ signal: limit.signal })) throw new Error('there was no event');
});

test.each<[string, (socket: Duplex) => void]>([
  ['end', (socket) => socket.push(null)],
  ['reset', (socket) => socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))],
])('the %s of the socket fails what waits, and what comes later', async (_what, finish) => {
  const { socket } = other(silent);
  const control = await qmp(socket);
  const waiting = [control.execute('stop'), control.next(['STOP', 'RESUME'])];
  setImmediate(() => finish(socket));
  const reasons = (await Promise.allSettled(waiting)).map((one) => (one.status === 'rejected' ? one.reason.message : one.value));
  expect(reasons).toEqual([
    'QEMU closed its control socket before its answer to stop',
    'QEMU closed its control socket before STOP or RESUME',
  ]);
  await control.closed;
  await expect(control.execute('cont')).rejects.toMatchObject({ message: "QEMU's control socket is closed", exitCode: 125 });
});

test('a call that is given up rejects with the reason; its late answer disturbs nobody', async () => {
  const open: { id: number }[] = [];
  const { socket, say } = other((call) => open.push(call));
  const control = await qmp(socket);
  const limit = new AbortController();
  const given = control.execute('slow', {}, { signal: limit.signal });
  limit.abort(new Error('too slow'));
  await expect(given).rejects.toThrow('too slow');
  await expect(control.execute('never', {}, { signal: limit.signal })).rejects.toThrow('too slow');
  const next = control.execute('next');
  say(...open.map(({ id }) => ({ return: id, id })));
  expect(await next).toBe(open.at(-1)?.id);
  expect(open).toHaveLength(2);
});

test.each<[string, (options: { signal?: AbortSignal }) => Promise<Qmp>, string]>([
  ['another program', () => qmp(other(silent, 'SSH-2.0-OpenSSH\r\n').socket), 'no QMP message: SSH-2.0-OpenSSH'],
  ['one that says nothing', ({ signal }) => qmp(other(silent, '').socket, signal === undefined ? {} : { signal }), 'enough'],
])('%s is not waited for', async (_what, connect, message) => {
  const limit = new AbortController();
  setImmediate(() => limit.abort(new Error('enough')));
  await expect(connect({ signal: limit.signal })).rejects.toThrow(message);
});
