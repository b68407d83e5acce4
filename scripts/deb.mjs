// eulab_VERSION_all.deb: what `npm pack` packs, where Debian has such things. The same commit gives the same bytes.
// usage: node scripts/deb.mjs [FOLDER]
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { $ } from 'zx';

$.verbose = false;
const folder = resolve(process.argv[2] ?? '.');
const { name, version, description, author, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const maintainer = `${author} <authors@${name}.invalid>`;
const seconds = (await $({ nothrow: true })`git log -1 --format=%ct`).stdout.trim() || '0';
const root = mkdtempSync(join(tmpdir(), 'eulab-deb-'));
try {
  await fill();
  await describe();
  await $`chmod -R u=rwX,go=rX ${root}`;
  const file = join(folder, `${name}_${version}_all.deb`);
  await $({ env: { ...process.env, SOURCE_DATE_EPOCH: seconds } })`dpkg-deb --root-owner-group -Zxz --build ${root} ${file}`;
  console.log(file);
} finally {
  rmSync(root, { recursive: true });
}

/** The files of the package, and the manual pages, completions and documents where others look for them. */
async function fill() {
  const at = (path) => {
    const place = join(root, path);
    mkdirSync(join(place, '..'), { recursive: true });
    return place;
  };
  const [{ files }] = JSON.parse((await $`npm pack --dry-run --ignore-scripts --json`).stdout);
  for (const { path } of files) {
    const page = /^dist\/man\/(.*\.1)$/.exec(path)?.[1];
    const content = readFileSync(path);
    if (page !== undefined) writeFileSync(at(`usr/share/man/man1/${page}.gz`), gzipSync(content, { level: 9 }));
    else if (!['LICENSE', 'README.md', 'CHANGELOG.md'].includes(path)) cpSync(path, at(`usr/lib/${name}/${path}`));
  }
  mkdirSync(join(root, 'usr/bin'));
  symlinkSync(`../lib/${name}/dist/eulab.mjs`, join(root, 'usr/bin/eulab'));
  const licence = readFileSync('LICENSE', 'utf8').trimEnd().replaceAll(/^/gm, ' ').replaceAll(/^ $/gm, ' .');
  const copyright = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}\n`,
    `Files: *\nCopyright: ${author}\nLicense: Expat\n${licence}`,
  ];
  writeFileSync(at(`usr/share/doc/${name}/copyright`), `${copyright.join('\n')}\n`);
  const day = new Date(1000 * Number(seconds)).toUTCString().replace('GMT', '+0000');
  const changelog = `${name} (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ${maintainer}  ${day}\n`;
  writeFileSync(at(`usr/share/doc/${name}/changelog.gz`), gzipSync(changelog, { level: 9 }));
  writeFileSync(at(`usr/share/doc/${name}/CHANGELOG.md.gz`), gzipSync(readFileSync('CHANGELOG.md'), { level: 9 }));
  // The guest's, which has its mode there.
  const override = `${name}: script-not-executable [usr/lib/${name}/utils/guest/etc/eulab/root]\n`;
  writeFileSync(at(`usr/share/lintian/overrides/${name}`), override);
  const completions = {
    bash: `usr/share/bash-completion/completions/${name}`,
    zsh: `usr/share/zsh/vendor-completions/_${name}`,
    fish: `usr/share/fish/vendor_completions.d/${name}.fish`,
  };
  for (const [shell, place] of Object.entries(completions)) {
    writeFileSync(at(place), (await $`node dist/eulab.mjs --config none completion ${shell}`).stdout);
  }
}

/** @see deb-control(5), deb-md5sums(5) */
async function describe() {
  const files = readdirSync(root, { recursive: true }).filter(
    (path) => statSync(join(root, path)).isFile() && path !== 'usr/bin/eulab',
  );
  const size = files.reduce((sum, path) => sum + Math.ceil(statSync(join(root, path)).size / 1024), 0);
  const needed = engines.node.replace('>=', '');
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${size}`,
    `Depends: nodejs (>= ${needed})`,
    'Recommends: cpio, e2fsprogs, qemu-system-x86, qemu-utils',
    'Suggests: ccache, crash, dnsmasq-base, gdb, podman',
    'Section: devel',
    'Priority: optional',
    `Description: ${description.replace(/^Early userspace lab: /, '')}`,
    ' eulab builds a Linux kernel and a static busybox, packs the initramfs itself,',
    ' and boots both in QEMU as an ordinary user: for a shell, or for the output and',
    ' the exit status of one command.',
  ];
  mkdirSync(join(root, 'DEBIAN'));
  writeFileSync(join(root, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const sums = await $({ cwd: root })`md5sum -- ${files.sort()}`;
  writeFileSync(join(root, 'DEBIAN/md5sums'), sums.stdout);
  chmodSync(root, 0o755);
}
