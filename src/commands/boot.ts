import { join } from 'node:path';
import { Command } from 'commander';
import { markCache } from '../artifacts/cache.ts';
import { accelerator } from '../boot/accel.ts';
import { logFile } from '../boot/console.ts';
import { checkInitramfs } from '../boot/initramfs.ts';
import { inspectKernel, qboot } from '../boot/machine.ts';
import { type Machine, qemu } from '../boot/qemu.ts';
import { commandConsole, runCommand } from '../boot/run.ts';
import { runShell, terminalWords } from '../boot/shell.ts';
import { show } from '../command.ts';
import { settings } from '../config.ts';
import { EulabError, status } from '../errors.ts';
import { locate, missing } from '../exec.ts';
import type { Context } from './context.ts';

/** `eulab boot [-- COMMAND...]`: a shell in the guest, or one command with its output and its status. */
export function boot(context: Context) {
  return new Command('boot')
    .summary('boot the kernel: a shell, or one command and its status')
    .description(
      'Boot the kernel and the initramfs in QEMU. Without COMMAND: a shell on the console (ctrl-A x ends the machine).\n' +
        "With COMMAND: it runs in the guest with this process's stdin, stdout and stderr, and its status is eulab's.",
    )
    .argument('[command...]', 'what to run in the guest, after --')
    .addOption(settings.kernel())
    .addOption(settings.initrd())
    .addOption(settings.memory())
    .addOption(settings.cpus())
    .addOption(settings.append())
    .addOption(settings.accel())
    .addOption(settings.net())
    .addOption(settings.ip())
    .addOption(settings.timeout())
    .addOption(settings.qemu())
    .addOption(settings.dryRun())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab boot\n  eulab boot -- uname -a\n  eulab boot --timeout 30s -- sh -c "dmesg | grep virtio"',
    )
    .action(async (argv, options) => {
      const { env, signal } = context;
      const { artifacts, cache } = context.workspace();
      const kernel = options.kernel ?? join(artifacts, 'bzImage');
      const initrd = options.initrd ?? join(artifacts, 'initramfs.cpio.gz');
      inspectKernel(kernel, '--kernel');
      await checkInitramfs(initrd, '--initrd');
      const command = argv.length > 0;
      if (!command && !options.dryRun) needTerminal();

      const path = locate(options.qemu, env);
      if (path === undefined) throw missing(options.qemu);
      const accel = await accelerator(options.accel, { qemu: path, cache, signal });
      if (accel.why !== undefined) process.stderr.write(`eulab: booting under emulation (TCG): ${accel.why}\n`);
      const machine: Omit<Machine, 'console'> = {
        qemu: options.qemu,
        accel: accel.name,
        firmware: qboot(path),
        memoryBytes: options.memory,
        cpus: options.cpus,
        kernel,
        initrd,
        net: options.net,
        cmdline: [
          ...(command ? consoleWords : [...consoleWords, 'quiet', ...terminalWords(env, process.stdout)]),
          ...(command ? ['eulab.mode=run'] : []),
          ...networkWords(options.net, options.ip),
          ...(options.append ?? []),
        ],
      };
      await markCache(cache);
      const log = logFile(cache);
      if (options.dryRun) {
        const console = command ? commandConsole : { kind: 'terminal' as const, log };
        if (command) process.stderr.write('eulab: descriptors 3 to 6 are sockets that eulab holds: the command channel\n');
        process.stdout.write(`${show(qemu({ ...machine, console }))}\n`);
      } else if (command) {
        context.exit(await runCommand({ machine, argv, streams: process, log, timeoutMs: options.timeout, signal }));
      } else {
        await runShell(machine, log, limited(signal, options.timeout));
      }
    });
}

/** `panic=-1` restarts at once, and QEMU runs with -no-reboot: a panic is the end of the machine. */
const consoleWords = ['console=ttyS0', 'panic=-1'];

/** Where QEMU's user network puts its guest: known, so that nobody has to wait for DHCP. @see qemu(1), "-netdev user" */
const userNetwork = ['eulab.ip=10.0.2.15/24', 'eulab.gateway=10.0.2.2', 'eulab.dns=10.0.2.3'];

function networkWords(net: Machine['net'], ip: string | undefined): string[] {
  if (ip !== undefined) return [`eulab.ip=${ip}`];
  return net === 'user' ? userNetwork : ['eulab.ip=none'];
}

function needTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new EulabError('a shell needs a terminal, and there is none here', {
    hint: 'run a command instead: eulab boot -- COMMAND',
    exitCode: status.usage,
  });
}

/** The signal, or one that the time limit aborts first. */
function limited(signal: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  if (timeoutMs === undefined) return signal;
  const limit = new AbortController();
  const reason = new EulabError(`the time limit of ${timeoutMs / 1000} s is over`, { exitCode: status.timeout });
  setTimeout(() => limit.abort(reason), timeoutMs).unref();
  return AbortSignal.any([signal, limit.signal]);
}
