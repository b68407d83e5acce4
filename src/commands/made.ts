import type { Manifest } from '../artifacts/manifest.ts';
import type { Document } from '../documents/document.ts';

/** What programs are told of a kernel or a ramdisk whose files are in `folder`. Pure. */
export function madeFacts({ product, name, files, inputs, key }: Manifest, folder: string): Document<'pulled'>['kernel'] {
  return {
    product: product === 'kernel' ? product : 'ramdisk',
    name: name ?? null,
    folder,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256: sha256 ?? null })),
    inputs,
    key,
  };
}
