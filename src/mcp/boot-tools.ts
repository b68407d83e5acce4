import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { Document } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { commandEntries, commandOptions, machineEntries, machineOptions } from './boot-options.ts';
import type { Called, ToldEvent } from './child.ts';
import { documentOf, failureOf } from './result.ts';
import { type Tool, tool, type Work } from './tool.ts';

const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'is no name of a machine'));

/** How long the machine may take to start before the command's own time begins to count for nothing. */
const startSeconds = 120;

/** The tools that boot, and those for machines that go on running. */
export const bootTools: readonly Tool[] = [
  tool({
    name: 'boot_and_run',
    title: 'Boot a kernel and run a command in it',
    description:
      'Boot the kernel and the initramfs of the workspace in QEMU, run one command as root in the guest, and give its stdout, stderr and status. ' +
      'The machine is gone afterwards. When the kernel panics or hangs there is a diagnosis: outcome.diagnosis has cause, remedy and proof.',
    input: v.strictObject({ ...commandEntries, ...machineEntries }),
    output: { document: 'tool-boot' },
    reads: false,
    run: async ({ command, env, workdir, stdin, timeoutSeconds, maxOutputBytes, ...machine }, work) => {
      const args = [
        ...['--quiet', `--timeout=${timeoutSeconds}s`],
        ...commandOptions({ env, workdir }),
        ...machineOptions(machine, work.place),
      ];
      let outcome: Document<'outcome'> | undefined;
      const onEvent = (event: ToldEvent) => {
        if (event.kind === 'outcome') outcome = event.outcome;
        work.onEvent(event);
      };
      const call = { verb: ['boot'], args: [...args, '--', ...command], input: stdin ?? '', mostBytes: maxOutputBytes };
      const called = await work.children.run({ ...call, onEvent }, work.signal);
      // Refused before anything ran.
      if (outcome === undefined) throw failureOf(called);
      return { schema: 1, ...streams(called), outcome };
    },
  }),
  tool({
    name: 'machine_start',
    title: 'Start a machine that goes on running',
    description:
      'Boot a machine and leave it running, for machine_exec and machine_console, until machine_stop or the end of this session.',
    input: v.strictObject({ name: v.optional(v.pipe(name, v.description('default: vm1, vm2, ...'))), ...machineEntries }),
    output: { document: 'tool-start' },
    reads: false,
    run: startMachine,
  }),
  tool({
    name: 'machine_exec',
    title: 'Run a command in a machine that runs',
    description: 'Run one more command, as root, in a machine that machine_start has started.',
    input: v.strictObject({ name, ...commandEntries }),
    output: { document: 'tool-exec' },
    reads: false,
    run: async ({ name: called, command, env, workdir, stdin, timeoutSeconds, maxOutputBytes }, work) => {
      work.machines.named(called);
      const args = [`--timeout=${timeoutSeconds}s`, ...commandOptions({ env, workdir }), called, '--', ...command];
      const call = { verb: ['exec'], args, input: stdin ?? '', mostBytes: maxOutputBytes };
      return { schema: 1, ...streams(await work.children.run(call, work.signal)) };
    },
  }),
  tool({
    name: 'machine_console',
    title: 'The console of a machine that runs',
    description: 'What the kernel of a machine that machine_start has started said on its console, from its beginning.',
    input: v.strictObject({
      name,
      lines: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20_000), v.description('the last ones only (default: 500)')),
        500,
      ),
    }),
    output: { document: 'tool-console' },
    reads: true,
    run: async ({ name: called, lines: most }, { machines }) => {
      const { console: file } = machines.named(called);
      const all = readFileSync(file, 'utf8').replaceAll('\r', '').replace(/\n$/, '').split('\n');
      const facts: Document<'tool-console'> = {
        schema: 1,
        name: called,
        file,
        text: all.slice(-most).join('\n'),
        lines: all.length,
      };
      return facts;
    },
  }),
  tool({
    name: 'machine_list',
    title: 'The machines of this session',
    description: 'List the machines that machine_start has started and that run.',
    input: v.strictObject({}),
    output: { document: 'machines', below: 'machines' },
    reads: true,
    run: (_input, work) => listed(work),
  }),
  tool({
    name: 'machine_stop',
    title: 'Stop a machine',
    description:
      'Switch a machine off that machine_start has started; its guest unmounts its disks first. Gives those that still run.',
    input: v.strictObject({ name }),
    output: { document: 'machines', below: 'machines' },
    reads: false,
    run: async ({ name: called }, work) => {
      const { child } = work.machines.named(called);
      await work.children.run({ verb: ['stop'], args: [called] }, work.signal);
      child.stop();
      await child.ended;
      return await listed(work);
    },
  }),
];

async function startMachine(
  { name: wanted, ...machine }: { readonly name?: string | undefined } & Parameters<typeof machineOptions>[0],
  { children, machines, place, signal, onEvent }: Work,
): Promise<Document<'tool-start'>> {
  const args = [...['--quiet', ...(wanted === undefined ? [] : [`--name=${wanted}`])], ...machineOptions(machine, place)];
  let told: Extract<ToldEvent, { kind: 'machine' }> | undefined;
  let answered: (atMs: number) => void = () => undefined;
  const ready = new Promise<number>((settle) => {
    answered = settle;
  });
  // What it runs only waits: for the end of its input, which is the end of this server at the latest.
  const child = await children.start({
    verb: ['boot'],
    args: [...args, '--', 'cat'],
    onEvent: (event) => {
      if (event.kind === 'machine') told = event;
      if (event.kind === 'command') answered(event.atMs);
      onEvent(event);
    },
  });
  const late = AbortSignal.any([signal, AbortSignal.timeout(startSeconds * 1000)]);
  late.addEventListener('abort', child.stop, { once: true });
  const first = await Promise.race([ready, child.ended]);
  late.removeEventListener('abort', child.stop);
  signal.throwIfAborted();
  if (typeof first !== 'number' || told === undefined) {
    const ended = await child.ended;
    if (late.aborted) throw new EulabError(`the machine did not answer within ${startSeconds} s`, { exitCode: status.timeout });
    throw failureOf(ended);
  }
  machines.keep({ name: told.name, child, console: told.console });
  return { schema: 1, name: told.name, pid: told.pid, readyMs: first, console: told.console };
}

/** Of all that run, those of this server. */
async function listed(work: Work): Promise<object> {
  const all = (await documentOf({ verb: ['ps'], args: ['--json'] }, work)) as Document<'machines'>;
  const own = work.machines.names();
  return { machines: all.filter((machine) => own.includes(machine.name)) };
}

function streams({ status: code, stdout, stderr }: Pick<Called, 'status' | 'stdout' | 'stderr'>) {
  return {
    status: code,
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutEncoding: stdout.encoding,
    stderrEncoding: stderr.encoding,
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
  };
}
