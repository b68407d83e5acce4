import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { count, encode, type Frame, Frames, frameType, hello, streamWindow } from '../../../../src/boot/channel/frame.ts';
import { connect, resume } from '../../../../src/boot/channel/link.ts';
import { duplexPair } from './pair.ts';

const command = { argv: [Buffer.from('true')], env: [], folder: Buffer.alloc(0), terminal: undefined, sync: false };

/** A guest whose frames the test writes, and the frames that it got. */
function guest() {
  const [host, port] = duplexPair();
  const frames = new Frames(true);
  const got: Frame[] = [];
  port.on('data', (bytes: Buffer) => got.push(...frames.take(bytes)));
  return { host, got, say: (...said: Buffer[]) => port.write(Buffer.concat(said)), end: () => port.destroy() };
}

/** Gathers what is written to it. `open` lets writes through; they wait until then. */
function sink(open = true) {
  const written: Buffer[] = [];
  const waiting: (() => void)[] = [];
  let passing = open;
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      if (passing) done();
      else waiting.push(done);
    },
  });
  return {
    stream,
    text: () => Buffer.concat(written).toString(),
    open: () => {
      passing = true;
      for (const done of waiting.splice(0)) done();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('outputs go apart, and the status comes behind them', async () => {
  const { host, say } = guest();
  const linking = connect([host]);
  say(hello({ version: 1, window: 0 }));
  const [out, err] = [sink(), sink()];
  const session = (await linking).open(command, { stdout: out.stream, stderr: err.stream });
  say(
    encode(frameType.output, 1, Buffer.from('o'), 1),
    encode(frameType.output, 1, Buffer.from('e'), 2),
    encode(frameType.output, 1, undefined, 1),
    encode(frameType.exit, 1, Buffer.from([42])),
  );
  expect([await session.exit, out.text(), err.text()]).toEqual([42, 'o', 'e']);
});

test('the status waits for an output that is not handed on yet, and credit does too', async () => {
  const { host, say, got } = guest();
  const link = resume(host, { version: 1, window: 0 });
  const [out, err] = [sink(false), sink()];
  const session = link.open(command, { stdout: out.stream, stderr: err.stream });
  let status: number | undefined;
  void session.exit.then((value) => {
    status = value;
  });
  say(encode(frameType.output, 1, Buffer.from('slow'), 1));
  await turn();
  expect(got.filter(({ type }) => type === frameType.credit)).toEqual([]);
  say(encode(frameType.exit, 1, Buffer.from([0])));
  await turn();
  expect(status).toBeUndefined();
  out.open();
  expect(await session.exit).toBe(0);
});

test('input stops at the end of its credit and goes on with more', async () => {
  const { host, say, got } = guest();
  const session = resume(host, { version: 1, window: 0 }).open(command, { stdout: sink().stream, stderr: sink().stream });
  const sent = () => got.filter(({ type }) => type === frameType.input).reduce((sum, { data }) => sum + data.length, 0);
  let done = false;
  const sending = session.input(Buffer.alloc(streamWindow + 10)).then(() => {
    done = true;
  });
  await turn();
  await turn();
  expect([sent(), done]).toEqual([streamWindow, false]);
  say(encode(frameType.grant, 1, count(100)));
  await sending;
  await turn();
  expect(sent()).toBe(streamWindow + 10);
});

test('a serial line gets no more than its window before it acknowledges', async () => {
  const { host, say, got } = guest();
  let raw = 0;
  const linking = connect([host]);
  say(hello({ version: 1, window: 100 }));
  const link = await linking;
  const session = link.open(command, { stdout: sink().stream, stderr: sink().stream });
  host.on('data', () => undefined);
  await session.input(Buffer.alloc(1000));
  await turn();
  const received = () => got.reduce((sum, { data }) => sum + data.length + 8, 0);
  raw = received();
  expect(raw).toBeLessThanOrEqual(100);
  for (let round = 0; round < 30; round += 1) {
    say(encode(frameType.ack, 0, count(50)));
    await turn();
  }
  expect(got.find(({ type }) => type === frameType.input)?.data.length).toBe(1000);
});

test('the end of the port fails the session, and its input waits for nothing', async () => {
  const { host, end } = guest();
  const session = resume(host, { version: 1, window: 0 }).open(command, { stdout: sink().stream, stderr: sink().stream });
  const sending = session.input(Buffer.alloc(2 * streamWindow));
  end();
  host.destroy();
  await expect(session.exit).rejects.toThrow('has ended');
  await sending;
});
