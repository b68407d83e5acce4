// dist/eulab.mjs and its chunks: what every call needs, what nearly every verb needs, what every boot needs, and one file for each
// thing that is loaded when it is called for. Few files, because each costs Node half a millisecond; none larger than its callers need.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { build } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { $ } from 'zx';

$.verbose = false;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const commit = (await $({ nothrow: true })`git describe --always --dirty --exclude=*`).stdout.trim();

const day = (await $({ nothrow: true })`git log -1 --format=%cs`).stdout.trim();

/** What each module imports at its beginning, by its path. */
const imports = new Map();

const input = {
  // The switch of a lab is a process of its own, which loads nothing of eulab's verbs.
  input: { eulab: 'src/cli.ts', switch: 'src/switch/main.ts' },
  platform: 'node',
  treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
  // What writes the bill of materials would also write XML, with a package that it does without.
  external: ['xmlbuilder2'],
  // commander and tar-stream require Node's own modules: as imports they need no require of ours.
  plugins: [esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] })],
  transform: {
    target: 'node20.19',
    define: {
      EULAB_VERSION: JSON.stringify(commit === '' ? version : `${version} (${commit}, ${day})`),
      ...(day === '' ? {} : { EULAB_DATE: JSON.stringify(day) }),
    },
  },
  // Some modules are loaded late by one and early by another: that is meant.
  checks: { ineffectiveDynamicImport: false },
};

/** A module with all that it cannot be loaded without. */
function closure(end) {
  const found = new Set();
  const add = (id) => {
    if (found.has(id)) return;
    found.add(id);
    for (const imported of imports.get(id) ?? []) add(imported);
  };
  add([...imports.keys()].find((id) => id.endsWith(end)));
  return found;
}

const reader = {
  name: 'imports',
  buildEnd() {
    for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id).importedIds);
  },
};
await build({ ...input, plugins: [...input.plugins, reader], write: false });

const all = closure('src/cli.ts');
const boot = closure('src/commands/boot.ts');
const settings = new Set(
  ['src/config.ts', 'src/exec.ts', 'src/commands/manner.ts', 'src/artifacts/kernel-names.ts'].flatMap((end) => [...closure(end)]),
);
const packing = new Set(['src/ramdisk/pack-folder.ts', 'src/ramdisk/folder.ts'].flatMap((end) => [...closure(end)]));
await $`rm -rf dist`;
await build({
  ...input,
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
    // Names stay, for whoever reads a stack trace.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: [
        // Not the entry itself: it waits for what it calls, which would wait for it.
        { name: 'base', test: (id) => all.has(id) && !id.endsWith('src/cli.ts') },
        // What nearly every verb needs.
        { name: 'settings', test: (id) => settings.has(id) && !all.has(id) },
        { name: 'packing', test: (id) => packing.has(id) && !all.has(id) && !settings.has(id) && !boot.has(id) },
        { name: 'boot', test: (id) => boot.has(id) && !all.has(id) && !settings.has(id) },
      ],
    },
  },
});
await $`chmod +x dist/eulab.mjs dist/switch.mjs`;
await $`node dist/eulab.mjs --config none man --output dist/man`;
await $`node dist/eulab.mjs --config none schema --output dist/schemas`;
