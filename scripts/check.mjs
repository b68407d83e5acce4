// Format, lint, types, unit tests, shell scripts: all of them, even when one fails; the worst status is the script's.
import { $ } from 'zx';

$.verbose = false;
$.nothrow = true;
process.env.FORCE_COLOR ??= process.stdout.isTTY ? '1' : '0';

const checks = [
  ['format and lint', $`npx --no-install biome ci --error-on-warnings .`],
  ['types', $`npx --no-install tsc`],
  ['unit tests', $`npx --no-install vitest run --project unit`],
];
if ((await $`command -v shellcheck`).exitCode === 0) {
  checks.push([
    'shell scripts',
    $`shellcheck -s dash utils/guest/etc/eulab/root utils/guest/usr/share/udhcpc/default.script utils/kernel/build utils/busybox/build utils/toolchain/install utils/toolchain/versions utils/storage/eulab-hd scripts/packages scripts/action test/fixtures/vlan/suite && shellcheck .ci/run utils/completion/eulab.bash`,
  ]);
}

let failed = 0;
for (const [name, check] of checks) {
  const result = await check;
  console.log(`${result.exitCode === 0 ? 'ok    ' : 'failed'} ${name}`);
  if (result.exitCode !== 0) {
    failed += 1;
    console.log(result.stdall);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
