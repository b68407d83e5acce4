// dist/eulab.mjs and its chunks: one file for each verb, loaded when it is called.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { $ } from 'zx';

$.verbose = false;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const commit = (await $({ nothrow: true })`git describe --always --dirty --exclude=*`).stdout.trim();
await $`rm -rf dist`;
await build({
  entryPoints: { eulab: 'src/cli.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  legalComments: 'linked',
  define: { EULAB_VERSION: JSON.stringify(commit === '' ? version : `${version} (${commit})`) },
  // commander and tar-stream are CommonJS and call require() for Node's own modules.
  banner: { js: "#!/usr/bin/env node\nimport{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
});
await $`chmod +x dist/eulab.mjs`;
