import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A QEMU that has a disk open as a machine does, and never runs; ended when it is disposed. */
export async function holder(file: string, readOnly = false): Promise<AsyncDisposable & { readonly pid: number }> {
  const node = JSON.stringify({
    driver: 'raw',
    'node-name': 'disk',
    'read-only': readOnly,
    file: { driver: 'file', filename: file },
  });
  const options = ['-S', '-display', 'none', '-nodefaults', '-accel', 'tcg', '-qmp', 'stdio'];
  const child = spawn('qemu-system-x86_64', [...options, '-blockdev', node, '-device', 'virtio-blk-pci,drive=disk'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // It greets when all devices are made, and so all locks taken.
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
