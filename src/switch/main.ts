// The program of a switch, beside every eulab: `switch.mjs SOCKET`. Descriptor 9 is the lock under which it is started, stdin
// ends with who started it.
import { closeSync, rmSync } from 'node:fs';
import { call } from './call.ts';
import { lockDescriptor } from './start.ts';
import { Switch } from './switch.ts';

main(process.argv[2] ?? '').catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});

/** Serves the socket, unless another does already. Nobody else starts one meanwhile: the lock is ours. */
async function main(socket: string): Promise<void> {
  const other = await call(socket, {});
  if (other !== undefined) {
    other.destroy();
    return;
  }
  rmSync(socket, { force: true });
  const own = new Switch();
  const release = own.hold();
  await own.open(socket);
  closeSync(lockDescriptor);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      own.close();
      process.exit(0);
    });
  }
  process.stdout.on('error', () => undefined).write('ready\n');
  process.stdin
    .on('error', () => undefined)
    .once('close', release)
    .resume();
}
