import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import { type Qmp, type QmpEvent, qmp, qmpArgs } from '../../../../src/boot/qmp/qmp.ts';
import {
  dump,
  gdbserver,
  migrate,
  monitor,
  pause,
  powerdown,
  quit,
  resume,
  screendump,
  state,
} from '../../../../src/boot/qmp/verbs.ts';
import { start } from '../../../../src/exec.ts';
import { folder } from '../../../eulab.ts';
import { requires } from '../../../requires.ts';

const withQemu = requires('qemu-system-x86_64');

/** A machine without a kernel, its conversation, and the events since it began. */
interface Lab extends AsyncDisposable {
  readonly control: Qmp;
  readonly seen: QmpEvent[];
  readonly ended: Promise<unknown[]>;
  kill(): void;
}

async function lab(...options: readonly string[]): Promise<Lab> {
  const args = [
    '-S',
    '-accel',
    'tcg',
    '-m',
    '32',
    '-display',
    'none',
    '-nodefaults',
    '-no-user-config',
    ...qmpArgs(3),
    ...options,
  ];
  const child = await start({ file: 'qemu-system-x86_64', args }, ['ignore', 'ignore', 'inherit', 'pipe']);
  const ended = once(child, 'exit');
  const seen: QmpEvent[] = [];
  const control = await qmp(child.stdio[3] as Duplex, { onEvent: (event) => seen.push(event) });
  return {
    control,
    seen,
    ended,
    kill: () => void child.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}

withQemu('state, stop and cont, with their events; quit ends it', async () => {
  await using machine = await lab('-machine', 'q35');
  const { control, seen } = machine;
  expect(control.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await state(control)).toBe('prelaunch');
  await resume(control);
  expect(await state(control)).toBe('running');
  await pause(control);
  expect(await state(control)).toBe('paused');
  await quit(control);
  expect(await machine.ended).toEqual([0, null]);
  expect(seen.map(({ name }) => name)).toEqual(['RESUME', 'STOP', 'SHUTDOWN']);
  expect(seen.at(-1)?.data).toEqual({ guest: false, reason: 'host-qmp-quit' });
  expect(Math.abs((seen[0]?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
});

withQemu('the power button is heard, and QEMU killed in mid-call is an error, not a silence', async () => {
  await using machine = await lab('-machine', 'q35');
  const { control } = machine;
  await resume(control);
  const pressed = control.next(['POWERDOWN']);
  await powerdown(control);
  await pressed;
  const never = control.next(['SHUTDOWN']);
  machine.kill();
  await expect(never).rejects.toThrow('QEMU closed its control socket before SHUTDOWN');
  await expect(state(control)).rejects.toThrow('closed');
});

withQemu('what QEMU refuses has its class and its words', async () => {
  await using machine = await lab('-machine', 'none');
  const { control } = machine;
  await expect(control.execute('no-such-command')).rejects.toMatchObject({ class: 'CommandNotFound', exitCode: 125 });
  await expect(control.execute('device_del', { id: 'nothing' })).rejects.toMatchObject({
    class: 'DeviceNotFound',
    message: "QEMU refused device_del: Device 'nothing' not found",
  });
  // The longest answer there is: some 200 kB in one line.
  expect(await control.execute('query-qmp-schema')).toHaveProperty('length');
});

withQemu('a picture of the screen, a dump of the memory and the monitor’s words', async () => {
  using here = folder();
  await using machine = await lab('-machine', 'q35', '-device', 'VGA,romfile=');
  const { control } = machine;
  const picture = join(here.path, 'screen, with "quotes".ppm');
  await screendump(control, picture, 'ppm');
  expect(readFileSync(picture).subarray(0, 2).toString()).toBe('P6');
  const core = join(here.path, 'vm,core');
  await dump(control, core);
  expect(readFileSync(core).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  await expect(dump(control, join(here.path, 'no/such/folder'))).rejects.toThrow('QEMU refused dump-guest-memory');
  expect(await monitor(control, 'info registers')).toMatch(/[RE]IP=0*fff0/);
});

withQemu('gdb’s stub is opened while it runs, and what is no place is told', async () => {
  using here = folder();
  await using machine = await lab('-machine', 'q35');
  const socket = join(here.path, 'gdb');
  await gdbserver(machine.control, `unix:${socket},server=on,wait=off`);
  expect(statSync(socket).isSocket()).toBe(true);
  await expect(gdbserver(machine.control, `unix:${here.path}/no/such,server=on,wait=off`)).rejects.toThrow(
    'cannot open a gdb stub',
  );
});

withQemu('the state is saved to a program, and one that fails is told', async () => {
  using here = folder();
  await using machine = await lab('-machine', 'q35');
  const { control } = machine;
  await resume(control);
  await expect(migrate(control, 'exec:exit 1')).rejects.toThrow('QEMU cannot save its state to exec:exit 1');
  expect(await state(control)).toBe('running');
  // The reader is slow to end: its file is whole all the same when the call returns.
  const reader = `cat >${here.path}/draft; sleep 0.3; mv ${here.path}/draft ${here.path}/state`;
  await migrate(control, `exec:${reader}`, { parameters: { 'max-bandwidth': 2 ** 40 } });
  expect(await state(control)).toBe('postmigrate');
  expect(readFileSync(join(here.path, 'state')).subarray(0, 4).toString()).toBe('QEVM');
  await using restored = await lab('-machine', 'q35', '-incoming', `exec:cat ${here.path}/state`);
  while ((await state(restored.control)) === 'inmigrate');
  expect(await state(restored.control)).toBe('paused');
});
