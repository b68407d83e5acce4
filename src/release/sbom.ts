import { ComponentScope, ComponentType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import { Bom, Component, ComponentRepository, HashDictionary, Property, Tool } from '@cyclonedx/cyclonedx-library/Models';
import { JSON as Json, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { Input, Provenance } from '../artifacts/provenance.ts';
import { placeOf } from './members.ts';

/** A product with its record. */
export interface Part {
  readonly record: Provenance;
}

/**
 * The bill of materials of some products, as CycloneDX 1.6 has it in JSON: what was compiled, what was added, and, as not delivered,
 * the toolchain. The same records give the same bytes. Pure.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function billOf(name: string, parts: readonly Part[], maker: string): string {
  const bom = new Bom();
  const whole = new Component(ComponentType.OperatingSystem, name, { bomRef: name });
  bom.metadata.component = whole;
  bom.metadata.tools.tools.add(new Tool({ name: 'eulab', version: maker }));
  const seen = new Set<string>();
  for (const { record } of parts) {
    for (const [file, sha256] of record.outputs) {
      if (placeOf(file) !== undefined) whole.components.add(fileComponent(`${record.product}/${file}`, file, sha256));
    }
    for (const input of record.inputs) {
      const component = componentOf(input, record);
      if (component === undefined || seen.has(String(component.bomRef.value))) continue;
      seen.add(String(component.bomRef.value));
      bom.components.add(component);
      if (component.scope !== ComponentScope.Excluded) whole.dependencies.add(component.bomRef);
    }
  }
  const serializer = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** A thing that a product was made from; undefined for eulab's own files, which are told by its version. */
function componentOf(input: Input, { settled }: Provenance): Component | undefined {
  const { role, name, uri, digest, facts } = input;
  switch (role) {
    case 'source': {
      const type = name === 'linux' ? ComponentType.OperatingSystem : ComponentType.Application;
      const component = new Component(type, name, {
        bomRef: `source/${name}`,
        version: facts?.['version'] ?? String(settled['version'] ?? ''),
        purl: uri?.startsWith('pkg:') ? uri : undefined,
        hashes: hashesOf(digest?.['sha256']),
      });
      for (const [key, value] of Object.entries({ origin: facts?.['origin'], verified: facts?.['verified'], ...digest })) {
        if (value !== undefined && key !== 'sha256') component.properties.add(new Property(`eulab:${key}`, value));
      }
      return component;
    }
    case 'file':
      return fileComponent(`file${name.startsWith('/') ? '' : '/'}${name}`, name, digest?.['sha256']);
    case 'package':
      return new Component(ComponentType.Library, name, {
        bomRef: uri ?? `package/${name}`,
        version: facts?.['version'],
        purl: uri,
        scope: ComponentScope.Excluded,
      });
    case 'image':
      return new Component(ComponentType.Container, name, {
        bomRef: `image/${name}`,
        version: digest?.['sha256'],
        hashes: hashesOf(digest?.['sha256']),
        scope: ComponentScope.Excluded,
      });
    case 'eulab':
      return undefined;
  }
}

function fileComponent(ref: string, name: string, sha256: string | undefined): Component {
  return new Component(ComponentType.File, name, {
    bomRef: ref,
    hashes: hashesOf(sha256),
    components: new ComponentRepository(),
  });
}

function hashesOf(sha256: string | undefined): HashDictionary {
  return new HashDictionary(sha256 === undefined ? [] : [[HashAlgorithm['SHA-256'], sha256]]);
}
