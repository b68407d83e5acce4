import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { count, encode, type Frame, Frames, frameType, hello, parseOpen } from '../channel/frame.ts';
import type { Link, Session } from '../channel/link.ts';
import type { Vm } from '../vm.ts';

/** The socket in a machine's folder on which the eulab that holds it answers others: exec, console, stop. */
export const serverSocket = 'eulab';

/** How long the guest may take to switch itself off before QEMU is ended. */
const powerOffMs = 10_000;

/**
 * Answers other eulabs of this user over a socket in the machine's folder, with the frames of the command channel: an OPEN is
 * a command for the guest, a CONSOLE its console, a POWER_OFF its end. Disposing it hangs up.
 */
export async function serve(vm: Vm, link: () => Link | undefined): Promise<Disposable> {
  const callers = new Set<Socket>();
  const server: Server = createServer((caller) => {
    callers.add(caller);
    caller.on('close', () => callers.delete(caller));
    answer(caller, vm, link);
  });
  await new Promise<void>((settle, fail) => server.once('error', fail).listen(join(vm.folder, serverSocket), settle));
  return {
    [Symbol.dispose]: () => {
      server.close();
      for (const caller of callers) caller.destroy();
    },
  };
}

/** One caller: his sessions by his own numbers. */
function answer(caller: Socket, vm: Vm, link: () => Link | undefined): void {
  const sessions = new Map<number, Session>();
  const frames = new Frames(true);
  const say = (type: number, session: number, data?: Buffer, stream?: number) =>
    caller.write(encode(type, session, data, stream));
  const take = (frame: Frame) => {
    if (frame.type === frameType.powerOff) return powerOff(vm, link());
    if (frame.type === frameType.console) return sessions.set(frame.session, showConsole(vm, frame.session, caller));
    if (frame.type === frameType.open) return open(frame);
    const session = sessions.get(frame.session);
    if (session === undefined) return;
    if (frame.type === frameType.signal) session.signal(frame.data[0] ?? 0);
    if (frame.type === frameType.resize)
      session.resize({ rows: frame.data.readUInt16LE(0), columns: frame.data.readUInt16LE(2) });
    if (frame.type !== frameType.input) return;
    if (frame.data.length === 0) session.endInput();
    else void session.input(frame.data).then(() => say(frameType.grant, frame.session, count(frame.data.length)));
  };
  const open = ({ session: id, data }: Frame) => {
    const command = parseOpen(data);
    const agent = link();
    if (command === undefined || agent === undefined) {
      const why = agent === undefined ? 'it has not answered yet' : 'the request is not understood';
      say(frameType.output, id, Buffer.from(`eulab: the guest cannot run a command: ${why}\n`), 2);
      say(frameType.exit, id, Buffer.from([125]));
      return;
    }
    const sink = (stream: number) =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => void caller.write(encode(frameType.output, id, chunk, stream), () => done()),
      });
    const session = agent.open(command, { stdout: sink(1), stderr: sink(2) });
    sessions.set(id, session);
    session.exit.then(
      (status) => say(frameType.exit, id, Buffer.from([status])),
      () => caller.destroy(),
    );
  };
  caller.on('error', () => undefined);
  caller.on('data', (bytes: Buffer) => {
    for (const frame of frames.take(bytes)) take(frame);
  });
  // A caller that hangs up is a terminal that goes away.
  caller.on('close', () => {
    for (const session of sessions.values()) session.signal(1);
  });
  caller.write(hello({ version: 1, window: 0 }));
}

/** The console so far, and then as it comes; what the caller types goes to it. */
function showConsole(vm: Vm, id: number, caller: Socket): Session {
  const show = (bytes: Buffer) => caller.write(encode(frameType.output, id, bytes, 1));
  const past = vm.console.lines().map(({ text }) => `${text}\r\n`);
  if (past.length > 0) show(Buffer.from(past.join('')));
  const watching = vm.console.watch(show);
  caller.on('close', () => watching[Symbol.dispose]());
  return {
    exit: new Promise(() => undefined),
    input: async (bytes) => void vm.typed.write(bytes),
    endInput: () => undefined,
    signal: () => undefined,
    resize: () => undefined,
  };
}

function powerOff(vm: Vm, link: Link | undefined): void {
  link?.powerOff();
  setTimeout(() => vm.kill(), link === undefined ? 0 : powerOffMs).unref();
}
